package webhooks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/keyring"
	"paygate/tracing"
)

// How an attempt came about, and what came of it.
const (
	triggerAutomatic = "automatic"
	triggerManual    = "manual"
	outcomeSuccess   = "success"
	outcomeFailure   = "failure"
)

// maxRetryAfter bounds how long an endpoint can put us off.
const maxRetryAfter = time.Hour

// Deliverer makes attempts: it loads, signs, posts, and records the outcome together with
// the next attempt's job, many attempts to a transaction.
type Deliverer struct {
	db       *pgxpool.Pool
	client   *Client
	keyring  *keyring.Keyring
	queue    Queue
	schedule Schedule
	now      func() time.Time
	lanes    *lanes
	loads    *groupcommit.Group[string, *loaded]
	attempts func(class string, took time.Duration)
	records  *groupcommit.Group[attempt, string]
	parks    *groupcommit.Group[DeliverArgs, struct{}]
}

// DefaultWorkers is DelivererOptions.Workers of who says nothing.
const DefaultWorkers = 400

// DelivererOptions are all required but Workers and those that observe.
type DelivererOptions struct {
	DB       *pgxpool.Pool
	Client   *Client
	Keyring  *keyring.Keyring
	Queue    Queue
	Schedule Schedule
	Now      func() time.Time
	// Workers is how many jobs run at once. Default DefaultWorkers.
	Workers int

	// Observe learns of each gathered transaction; nil is nobody.
	Observe func(groupcommit.Batch)
	// Attempted learns of each exchange with an endpoint, and the class of its failure, "" for none.
	Attempted func(class string, took time.Duration)
	// Rested learns of each delivery that an attempt brought to rest, after that is committed.
	Rested func(status string)
}

// NewDeliverer returns a Deliverer; Close it when its jobs have ended.
func NewDeliverer(opts DelivererOptions) *Deliverer {
	d := &Deliverer{
		db: opts.DB, client: opts.Client, keyring: opts.Keyring, queue: opts.Queue, schedule: opts.Schedule, now: opts.Now,
		lanes: newLanes(opts.Now, cmp.Or(opts.Workers, DefaultWorkers)), attempts: opts.Attempted,
	}
	pipelined := pipeline.Over(opts.DB)
	d.loads = groupcommit.New(pipelined, d.loadMany, groupcommit.Options[string, *loaded]{Name: "webhook_loads", Observe: opts.Observe})
	d.records = groupcommit.New(pipelined, d.recordMany, groupcommit.Options[attempt, string]{Name: "webhook_attempts", Observe: opts.Observe, AfterCommit: tellRested(opts.Rested)})
	d.parks = groupcommit.New(pipelined, d.parkMany, groupcommit.Options[DeliverArgs, struct{}]{Name: "webhook_parks", Observe: opts.Observe})
	return d
}

// Close waits for attempts that are being recorded.
func (d *Deliverer) Close(ctx context.Context) error {
	defer d.client.Close()
	return errors.Join(d.loads.Close(ctx), d.parks.Close(ctx), d.records.Close(ctx))
}

// attempt is an exchange to be recorded.
type attempt struct {
	job      DeliverArgs
	exchange exchange
	// traceparent is the event's; "" for none.
	traceparent string
	// failing says that the endpoint had failed before.
	failing bool
}

// Deliver makes the attempt that the job asks for, unless its time has passed: the delivery
// was made or moved on, or its endpoint is gone. A failed exchange is no error; it is
// recorded and its successor scheduled. Where the endpoint's lane has no place the delivery is
// parked. An error means that nothing is known or recorded, and the job has to run again.
func (d *Deliverer) Deliver(ctx context.Context, job DeliverArgs) error {
	return d.deliver(ctx, &standing{}, job)
}

func (d *Deliverer) deliver(ctx context.Context, in *standing, job DeliverArgs) error {
	load := func() (*loaded, error) { return d.loads.Do(ctx, job.DeliveryID) }
	place, turn := d.lanes.lineUp(in, job.EndpointID, job.Manual)
	if turn != nil {
		// While it waits, and together with the others of its job. An endpoint that is disabled within lineFor of this
		// still gets the request, as it gets those that are on their way.
		row, err := load()
		load = func() (*loaded, error) { return row, err }
		place = turn.wait(ctx)
	}
	if place == nil {
		if _, err := d.parks.Do(ctx, job); err != nil {
			return fmt.Errorf("error parking a delivery: %w", err)
		}
		// Whoever held the last place may have looked for parked deliveries just before this one was.
		return d.drainOn(ctx, job.EndpointID)
	}
	waiting, err := d.attemptIn(ctx, place, job, load)
	if err != nil || !waiting {
		return err
	}
	return d.drainOn(ctx, job.EndpointID)
}

// DeliverMany makes first attempts side by side. When some of them fail with an error, the job runs again,
// and those that were made are leftovers then.
func (d *Deliverer) DeliverMany(ctx context.Context, job DeliverManyArgs) error {
	errs := make([]error, len(job.DeliveryIDs))
	in := &standing{}
	var attempts sync.WaitGroup
	for i, id := range job.DeliveryIDs {
		attempts.Go(func() {
			errs[i] = d.deliver(ctx, in, DeliverArgs{DeliveryID: id, EndpointID: job.EndpointID})
		})
	}
	attempts.Wait()
	return errors.Join(errs...)
}

// attemptIn makes an attempt in a place and gives the place back. It tells whether parked
// deliveries may be waiting for it.
func (d *Deliverer) attemptIn(ctx context.Context, in *place, job DeliverArgs, load func() (*loaded, error)) (waiting bool, err error) {
	made, err := d.attempt(ctx, job, load)
	if made == nil {
		in.unused()
		return false, err
	}
	// The place is the endpoint's, and it has done its part. Keeping it until the attempt is recorded would
	// let our own database decide how many requests an endpoint gets.
	probeAt, waiting := in.leave(made.exchange.class != "", made.exchange.duration)
	if !probeAt.IsZero() {
		err = enqueueDrain(ctx, nil, d.queue, job.EndpointID, probeAt)
	}
	if _, recordErr := d.records.Do(ctx, *made); recordErr != nil {
		err = errors.Join(err, fmt.Errorf("error recording an attempt: %w", recordErr))
	}
	return waiting, err
}

// attempt loads, signs and posts. It returns nothing to record when no attempt was made.
func (d *Deliverer) attempt(ctx context.Context, job DeliverArgs, load func() (*loaded, error)) (*attempt, error) {
	row, err := load()
	if err != nil {
		return nil, fmt.Errorf("error loading a delivery: %w", err)
	}
	if row == nil {
		return nil, nil // history has been removed
	}
	queries := dbsqlc.New()
	delivery := &row.WebhookDelivery
	if !job.Manual && (int(delivery.Step) != job.Step || delivery.NextAttemptAt == nil) {
		return nil, nil // a leftover of a crash: this attempt has been recorded
	}
	if row.EndpointDeletedAt != nil {
		return nil, d.giveUp(ctx, job, queries.DeliveryAbandon)
	}
	if row.EndpointStatus == EndpointDisabled {
		return nil, d.giveUp(ctx, job, func(ctx context.Context, db dbsqlc.DBTX, arg *dbsqlc.DeliveryAbandonParams) error {
			return queries.DeliveryPause(ctx, db, (*dbsqlc.DeliveryPauseParams)(arg))
		})
	}
	d.lanes.limitRate(delivery.EndpointID, row.RateLimit)
	result, err := d.send(ctx, job, row)
	if err != nil {
		return nil, fmt.Errorf("error posting a webhook: %w", err)
	}
	if d.attempts != nil {
		d.attempts(result.class, result.duration)
	}
	made := &attempt{job: job, exchange: result, failing: row.EndpointFailingSince != nil}
	if row.Traceparent != nil {
		made.traceparent = *row.Traceparent
	}
	return made, nil
}

// giveUp ends the waiting of a delivery whose endpoint is disabled or gone.
func (d *Deliverer) giveUp(ctx context.Context, job DeliverArgs, set func(context.Context, dbsqlc.DBTX, *dbsqlc.DeliveryAbandonParams) error) error {
	if job.Manual {
		return nil
	}
	err := set(ctx, d.db, &dbsqlc.DeliveryAbandonParams{ID: job.DeliveryID, Step: int16(job.Step), Now: d.now()}) //nolint:gosec // bounded by the schedule
	if err != nil {
		return fmt.Errorf("error ending the wait of a delivery: %w", err)
	}
	return nil
}

// recordMany stores attempts with what follows from each. Rows are locked, so that a resend
// by hand and the schedule cannot both count from the same state. A result is the status in which the attempt
// brought its delivery to rest, "" where it did not.
func (d *Deliverer) recordMany(ctx context.Context, tx pgx.Tx, attempts []attempt) ([]groupcommit.Result[string], error) {
	queries := dbsqlc.New()
	deliveryIDs := make([]string, 0, len(attempts))
	for _, a := range attempts {
		deliveryIDs = append(deliveryIDs, a.job.DeliveryID)
	}
	locked, err := queries.DeliveryLockMany(ctx, tx, deliveryIDs)
	if err != nil {
		return nil, fmt.Errorf("error locking deliveries: %w", err)
	}
	rows := make(map[string]*dbsqlc.WebhookDelivery, len(locked))
	for _, row := range locked {
		rows[row.ID] = row
	}
	results := make([]groupcommit.Result[string], len(attempts))
	inserted := &dbsqlc.AttemptInsertManyParams{}
	var jobs []river.InsertManyParams
	var endpoints health
	for i, a := range attempts {
		row := rows[a.job.DeliveryID]
		if row == nil {
			continue // history has been removed meanwhile
		}
		stale := !a.job.Manual && int(row.Step) != a.job.Step
		if stale {
			continue // recorded by another worker meanwhile
		}
		before := row.Status
		row.AttemptCount++
		appendAttempt(inserted, row, a)
		if job := d.advance(row, a); job != nil {
			jobs = append(jobs, *job)
		}
		if row.Status != before && row.Status != DeliveryRetrying {
			results[i].Value = row.Status
		}
		endpoints.note(row, a)
	}
	if len(inserted.DeliveryIds) == 0 {
		return results, nil
	}
	if err := queries.AttemptInsertMany(ctx, tx, inserted); err != nil {
		return nil, fmt.Errorf("error storing attempts: %w", err)
	}
	if err := queries.DeliveryRecordMany(ctx, tx, recordParams(locked)); err != nil {
		return nil, fmt.Errorf("error storing deliveries: %w", err)
	}
	if err := d.judge(ctx, tx, endpoints); err != nil {
		return nil, err
	}
	return results, db.Enqueue(ctx, tx, d.queue, jobs)
}

// tellRested is the hook of a group that tells what came to rest.
func tellRested(rested func(status string)) func([]attempt, []groupcommit.Result[string]) {
	if rested == nil {
		return nil
	}
	return func(_ []attempt, results []groupcommit.Result[string]) {
		for _, r := range results {
			if r.Value != "" {
				rested(r.Value)
			}
		}
	}
}

// Queued is how many items wait for a transaction, by the name of their group.
func (d *Deliverer) Queued() map[string]int {
	return map[string]int{"webhook_loads": d.loads.Queued(), "webhook_attempts": d.records.Queued(), "webhook_parks": d.parks.Queued()}
}

// Lanes is how many endpoints have their breaker open, and how many attempts wait for an answer, in this process.
func (d *Deliverer) Lanes() (open, inFlight int) { return d.lanes.count() }

// advance moves a delivery by the outcome of one attempt and returns the job of the next one,
// if there is to be one.
func (d *Deliverer) advance(row *dbsqlc.WebhookDelivery, a attempt) *river.InsertManyParams {
	ended := a.exchange.started.Add(a.exchange.duration)
	row.LastAttemptAt = &ended
	code := int16(a.exchange.status) //nolint:gosec // an HTTP status
	row.ResponseCode = &code
	if !a.job.Manual {
		row.Step++
	}
	switch {
	case a.exchange.class == "":
		row.Status, row.NextAttemptAt, row.Parked = DeliveryDelivered, nil, false
		return nil
	case a.job.Manual:
		return nil // whatever was planned stays planned, and who waits keeps waiting
	case row.NextAttemptAt == nil:
		return nil // a resend by hand got through meanwhile, or nothing more is to be sent
	case a.exchange.status == http.StatusGone:
		row.Status, row.NextAttemptAt, row.Parked = DeliveryPaused, nil, true
		return nil
	}
	row.Parked = false
	pause, more := d.schedule.Pause(int(row.Step))
	if !more {
		row.Status, row.NextAttemptAt = DeliveryExhausted, nil
		return nil
	}
	next := ended.Add(max(pause, retryAfter(a.exchange, ended)))
	row.Status, row.NextAttemptAt = DeliveryRetrying, &next
	return &river.InsertManyParams{
		Args:       DeliverArgs{DeliveryID: row.ID, EndpointID: row.EndpointID, Step: int(row.Step)},
		InsertOpts: &river.InsertOpts{ScheduledAt: next, Metadata: tracing.Metadata(a.traceparent)},
	}
}

// retryAfter is the pause that an overloaded endpoint asks for (RFC 9110, section 10.2.3:
// seconds or a date), within bounds; zero when it asks for none.
func retryAfter(e exchange, now time.Time) time.Duration {
	if e.status != http.StatusTooManyRequests && e.status != http.StatusServiceUnavailable {
		return 0
	}
	var pause time.Duration
	if seconds, err := strconv.ParseUint(e.retryAfter, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		pause = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(e.retryAfter); err == nil {
		pause = at.Sub(now)
	}
	return min(max(pause, 0), maxRetryAfter)
}

func appendAttempt(to *dbsqlc.AttemptInsertManyParams, row *dbsqlc.WebhookDelivery, a attempt) {
	trigger, outcome := triggerAutomatic, outcomeSuccess
	if a.job.Manual || row.Resent {
		trigger = triggerManual
	}
	if a.exchange.class != "" {
		outcome = outcomeFailure
	}
	to.DeliveryIds = append(to.DeliveryIds, row.ID)
	to.Numbers = append(to.Numbers, row.AttemptCount)
	to.MerchantIds = append(to.MerchantIds, row.MerchantID)
	to.Triggers = append(to.Triggers, trigger)
	to.Outcomes = append(to.Outcomes, outcome)
	to.ResponseCodes = append(to.ResponseCodes, int16(a.exchange.status)) //nolint:gosec // an HTTP status
	to.ErrorClasses = append(to.ErrorClasses, a.exchange.class)
	to.Errors = append(to.Errors, a.exchange.message)
	to.ResponseBodies = append(to.ResponseBodies, a.exchange.body)
	to.ResponseHeaders = append(to.ResponseHeaders, storeHeaders(a.exchange.headers))
	to.Signatures = append(to.Signatures, a.exchange.signature)
	to.BodySignatures = append(to.BodySignatures, a.exchange.bodySignature)
	to.DnsMs = append(to.DnsMs, milliseconds(a.exchange.split.dns))
	to.ConnectMs = append(to.ConnectMs, milliseconds(a.exchange.split.connect))
	to.TlsMs = append(to.TlsMs, milliseconds(a.exchange.split.tls))
	to.FirstByteMs = append(to.FirstByteMs, milliseconds(a.exchange.split.firstByte))
	to.DurationsMs = append(to.DurationsMs, int32(a.exchange.duration.Milliseconds())) //nolint:gosec // bounded by the timeout
	to.StartedAts = append(to.StartedAts, a.exchange.started)
}

func recordParams(rows []*dbsqlc.WebhookDelivery) *dbsqlc.DeliveryRecordManyParams {
	params := &dbsqlc.DeliveryRecordManyParams{}
	for _, row := range rows {
		next, code := time.Time{}, int16(0)
		if row.NextAttemptAt != nil {
			next = *row.NextAttemptAt
		}
		if row.ResponseCode != nil {
			code = *row.ResponseCode
		}
		if row.LastAttemptAt == nil {
			continue // locked but left as it was
		}
		params.Ids = append(params.Ids, row.ID)
		params.Statuses = append(params.Statuses, row.Status)
		params.Parkeds = append(params.Parkeds, row.Parked)
		params.Steps = append(params.Steps, row.Step)
		params.AttemptCounts = append(params.AttemptCounts, row.AttemptCount)
		params.ResponseCodes = append(params.ResponseCodes, code)
		params.NextAttemptAts = append(params.NextAttemptAts, next)
		params.LastAttemptAts = append(params.LastAttemptAts, *row.LastAttemptAt)
	}
	return params
}
