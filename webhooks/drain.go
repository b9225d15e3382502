package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
)

const (
	// drainFor is after how long a job that drains makes room for others: with one more round, which
	// may take as long as an exchange, it must end within the job's own bound.
	drainFor = 10 * time.Second
	// drainPause is how long a draining waits at most for its own attempts before it looks for places again.
	drainPause = 50 * time.Millisecond
	// drainAfterError is after how long another job goes on where one failed.
	drainAfterError = time.Second
	// claimGrace is how much longer than an exchange a claim lasts.
	claimGrace = time.Minute
)

// Drain sends the parked deliveries of an endpoint. It returns when to go on, or a zero time when
// nothing is left to do: more are parked than it had time for, or the breaker waits for a probe. In a process one
// goroutine at a time drains an endpoint: several would claim its deliveries by ones and twos, and walk over each other's.
func (d *Deliverer) Drain(ctx context.Context, endpointID string) (again time.Time, err error) {
	if !d.lanes.beginDrain(endpointID) {
		return time.Time{}, nil
	}
	attempts := drained{ended: make(chan error, laneMax)}
	until := time.Now().Add(drainFor)
	for wanted := true; wanted; {
		again, err = d.drainUntil(ctx, endpointID, until, &attempts)
		stop := err != nil || !again.IsZero()
		wanted = d.lanes.endDrain(endpointID, stop)
		if err != nil && wanted {
			// Those who relied on this one are done with their own jobs.
			err = errors.Join(err, enqueueDrain(context.WithoutCancel(ctx), nil, d.queue, endpointID, d.now().Add(drainAfterError)))
		}
		wanted = wanted && !stop
	}
	return again, errors.Join(err, attempts.wait())
}

// drainUntil claims what is parked in rounds, each as many as have places, until nothing is left or no place.
func (d *Deliverer) drainUntil(ctx context.Context, endpointID string, until time.Time, attempts *drained) (again time.Time, err error) {
	for time.Now().Before(until) {
		claimed, full, err := d.drainRound(ctx, endpointID, attempts)
		switch {
		case err != nil:
			return time.Time{}, err
		case full && attempts.running == 0:
			// Without a time to wait for, whoever holds the places goes on when they are free.
			if at := d.lanes.opens(endpointID); at.After(d.now()) {
				return at, nil
			}
			return time.Time{}, nil
		case !full && claimed == 0:
			return time.Time{}, nil
		}
		if err := attempts.halve(); err != nil {
			return time.Time{}, err
		}
	}
	return d.now(), nil
}

// drained are the attempts of one draining.
type drained struct {
	ended   chan error
	running int
}

// halve waits until half of the attempts have ended, which is worth another claim, but not long for slow ones: places that
// others give back are to be used.
func (a *drained) halve() error {
	patience := time.NewTimer(drainPause)
	defer patience.Stop()
	for enough := a.running / 2; a.running > enough; {
		select {
		case err := <-a.ended:
			a.running--
			if err != nil {
				return err
			}
		case <-patience.C:
			return nil
		}
	}
	return nil
}

// wait waits until all have ended.
func (a *drained) wait() error {
	var errs []error
	for ; a.running > 0; a.running-- {
		errs = append(errs, <-a.ended)
	}
	return errors.Join(errs...)
}

// drainOn drains on behalf of another job; what it has no time for is left to a job of its own.
func (d *Deliverer) drainOn(ctx context.Context, endpointID string) error {
	again, err := d.Drain(ctx, endpointID)
	if err != nil || again.IsZero() || d.lanes.probes(endpointID) {
		return err // for the probe of an open breaker there is a job already
	}
	return enqueueDrain(ctx, nil, d.queue, endpointID, again)
}

// drainRound claims as many deliveries as the lane has places and begins to attempt them side by side. It
// returns how many there were, and whether the lane was full.
func (d *Deliverer) drainRound(ctx context.Context, endpointID string, attempts *drained) (made int, full bool, err error) {
	var places []*place
	for p := d.lanes.enterParked(endpointID); p != nil; p = d.lanes.enterParked(endpointID) {
		places = append(places, p)
	}
	if len(places) == 0 {
		return 0, true, nil
	}
	now := d.now()
	claimed, err := dbsqlc.New().DeliveryClaim(ctx, d.db, &dbsqlc.DeliveryClaimParams{
		EndpointID: endpointID, Now: now, Until: now.Add(d.client.timeout + claimGrace), RowLimit: int32(len(places)), //nolint:gosec // at most laneMax
	})
	if err != nil {
		claimed = nil
		err = fmt.Errorf("error claiming parked deliveries: %w", err)
	}
	for _, p := range places[len(claimed):] {
		p.unused()
	}
	if len(claimed) < len(places) && err == nil {
		d.lanes.drained(endpointID)
	}
	for i, row := range claimed {
		attempts.running++
		go func() {
			job := DeliverArgs{DeliveryID: row.ID, EndpointID: endpointID, Step: int(row.Step)}
			_, err := d.attemptIn(ctx, places[i], job, func() (*loaded, error) { return d.loads.Do(ctx, row.ID) })
			attempts.ended <- err
		}()
	}
	return len(claimed), false, err
}

// parkMany notes that deliveries wait for a place; it is their last write until they are claimed.
func (d *Deliverer) parkMany(ctx context.Context, tx pgx.Tx, jobs []DeliverArgs) ([]groupcommit.Result[struct{}], error) {
	params := &dbsqlc.DeliveryParkManyParams{}
	for _, job := range jobs {
		params.Ids = append(params.Ids, job.DeliveryID)
		params.Steps = append(params.Steps, int16(job.Step)) //nolint:gosec // bounded by the schedule
	}
	return make([]groupcommit.Result[struct{}], len(jobs)), dbsqlc.New().DeliveryParkMany(ctx, tx, params)
}

// enqueueDrain asks to drain an endpoint at a time, now for the zero time. In tx, which parks what is to
// be sent, it is a job of its own; without one, a job that is there already is enough.
func enqueueDrain(ctx context.Context, tx pgx.Tx, queue Queue, endpointID string, at time.Time) error {
	options := &river.InsertOpts{ScheduledAt: at}
	var err error
	if tx == nil {
		_, err = queue.Insert(ctx, DrainArgs{EndpointID: endpointID}, options)
	} else {
		_, err = queue.InsertTx(ctx, tx, DrainArgs{EndpointID: endpointID, Wake: uuid.NewString()}, options)
	}
	if err != nil {
		return fmt.Errorf("error enqueueing the draining of an endpoint: %w", err)
	}
	return nil
}
