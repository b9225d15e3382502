package payments

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/idempotency"
	"paygate/processor"
	"paygate/webhooks"
)

// Service does what the API and the workers ask for.
type Service struct {
	db       *pgxpool.Pool
	reads    dbsqlc.DBTX // for what is shown, and nothing is decided by
	acquirer processor.Acquirer
	queue    *river.Client[pgx.Tx]
	clock    func() time.Time

	holdFor, actionFor time.Duration
	// known is who subscribes to payment.created, as far as intake takes for granted; doubtUntil is when it does so again.
	known      webhooks.Known
	doubtUntil atomic.Pointer[time.Time]
	// failpoint is nil but in tests.
	failpoint func(step)

	intake        *groupcommit.Group[*intakeItem, idempotency.Response]
	begin         *groupcommit.Group[string, begun]
	settle        *groupcommit.Group[settlement, bool]
	decisions     *groupcommit.Group[*decision, idempotency.Response]
	finishes      *groupcommit.Group[finish, struct{}]
	refundIntake  *groupcommit.Group[*refundItem, idempotency.Response]
	refundSettles *groupcommit.Group[refundSettlement, struct{}]
}

// Defaults of Options.
const (
	// DefaultAuthorizationLifetime is what card schemes commonly let a hold last.
	DefaultAuthorizationLifetime = 7 * 24 * time.Hour
	// DefaultActionLifetime is far longer than a customer at the bank's page takes.
	DefaultActionLifetime = time.Hour
)

// The bounds of requests for a payment that wait for a transaction. They cost memory and nothing else, some 40 KB each with their
// connections. A caller that is refused at once asks again at once, and what that costs is taken from those who are not; so
// the bound that counts is how long a caller waits.
const (
	maxIntake     = 8192
	maxIntakeWait = 5 * time.Second
)

// Options of a Service. Durations may be zero; the rest is required.
type Options struct {
	DB       *pgxpool.Pool
	Acquirer processor.Acquirer
	// Queue only inserts; the workers' own client is not needed here.
	Queue *river.Client[pgx.Tx]
	Now   func() time.Time

	// Reads answers what is only shown: a payment, a list, a balance. It may be a little old. Default DB.
	Reads dbsqlc.DBTX
	// AuthorizationLifetime is after how long an authorized payment that nobody captures is canceled.
	// Default DefaultAuthorizationLifetime.
	AuthorizationLifetime time.Duration
	// ActionLifetime is after how long a payment that waits for its customer is canceled. Default
	// DefaultActionLifetime.
	ActionLifetime time.Duration

	// Observe learns of each gathered transaction; nil is nobody.
	Observe func(groupcommit.Batch)
	// Settled learns of each payment that the acquirer's answer has moved, after that is committed; nil is nobody.
	Settled func(status Status, method processor.Method)
}

// New returns a Service; Close it when nothing calls it any more.
func New(opts Options) *Service {
	s := &Service{
		db: opts.DB, acquirer: opts.Acquirer, queue: opts.Queue, clock: opts.Now,
		holdFor:   cmp.Or(opts.AuthorizationLifetime, DefaultAuthorizationLifetime),
		actionFor: cmp.Or(opts.ActionLifetime, DefaultActionLifetime),
	}
	if s.reads = opts.Reads; s.reads == nil {
		s.reads = s.db
	}
	pipelined := pipeline.Over(s.db)
	s.intake = groupcommit.New(pipelined, s.intakeMany, groupcommit.Options[*intakeItem, idempotency.Response]{
		Name: "payment_intake", Observe: opts.Observe, MaxQueue: maxIntake, MaxWait: maxIntakeWait,
	})
	s.begin = groupcommit.New(pipelined, s.beginMany, groupcommit.Options[string, begun]{Name: "payment_begin", Observe: opts.Observe})
	s.settle = groupcommit.New(pipelined, s.settleMany, groupcommit.Options[settlement, bool]{Name: "payment_settle", Observe: opts.Observe, AfterCommit: tellSettled(opts.Settled)})
	s.decisions = groupcommit.New(pipelined, s.decideMany, groupcommit.Options[*decision, idempotency.Response]{Name: "payment_decide", Observe: opts.Observe})
	s.finishes = groupcommit.New(pipelined, s.finishMany, groupcommit.Options[finish, struct{}]{Name: "payment_finish", Observe: opts.Observe})
	s.refundIntake = groupcommit.New(pipelined, s.refundMany, groupcommit.Options[*refundItem, idempotency.Response]{Name: "refund_intake", Observe: opts.Observe})
	s.refundSettles = groupcommit.New(pipelined, s.settleRefunds, groupcommit.Options[refundSettlement, struct{}]{Name: "refund_settle", Observe: opts.Observe})
	return s
}

// Close waits until everything that was begun is committed.
func (s *Service) Close(ctx context.Context) error {
	return errors.Join(
		s.intake.Close(ctx), s.begin.Close(ctx), s.settle.Close(ctx),
		s.decisions.Close(ctx), s.finishes.Close(ctx), s.refundIntake.Close(ctx), s.refundSettles.Close(ctx),
	)
}

// Queued is how many items wait for a transaction, by the name of their group.
func (s *Service) Queued() map[string]int {
	return map[string]int{
		"payment_intake": s.intake.Queued(), "payment_begin": s.begin.Queued(), "payment_settle": s.settle.Queued(),
		"payment_decide": s.decisions.Queued(), "payment_finish": s.finishes.Queued(),
		"refund_intake": s.refundIntake.Queued(), "refund_settle": s.refundSettles.Queued(),
	}
}

// now is cut to what a resource shows, so that a stored time and a shown one are the same.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }
