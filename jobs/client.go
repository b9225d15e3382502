// Package jobs runs what was enqueued: it wires the domain's operations to River's queues,
// and decides when a job that could not be done runs again. The work itself stands in
// payments and webhooks.
package jobs

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"go.opentelemetry.io/otel/trace"

	"paygate/db/pipeline"
	"paygate/metrics"
	"paygate/payments"
	"paygate/webhooks"
)

// Options of the workers. Payments, Deliverer, Endpoints, DB and Logger are required.
type Options struct {
	DB        *pgxpool.Pool
	Payments  *payments.Service
	Deliverer *webhooks.Deliverer
	Endpoints *webhooks.Endpoints
	Logger    *slog.Logger

	// IdempotencyRetention is how long the answers to keyed requests are remembered. Default 30 d.
	IdempotencyRetention time.Duration
	// WebhookRetention is how long events, deliveries and attempts are kept. Default 90 d.
	WebhookRetention time.Duration
	// JobTimeout bounds one run of any job. It is longer than an acquirer or an endpoint may
	// take. Default 1 m.
	JobTimeout time.Duration
	// RescueAfter is after how long the job of a crashed worker runs again; more than
	// JobTimeout. Default 2 m. River looks for such jobs twice a minute.
	RescueAfter time.Duration
	// Metrics counts the attempts of jobs; nil counts nothing.
	Metrics *metrics.Metrics
	// Tracing makes a span of each attempt of a job, which continues the trace of what enqueued it; nil makes none.
	Tracing trace.TracerProvider
	// Workers is how many jobs of a queue run at once in this process, by queue name. A queue
	// that is not named has its default; one with 0 is not worked here.
	Workers map[string]int
}

// defaultWorkers: a delivery mostly waits for somebody else's server, a payment for the acquirer. With 400 payments at once a
// transaction holds twice as many as with 200, and there are half as many transactions and fetches (docs/performance.md).
var defaultWorkers = map[string]int{
	payments.QueueName: 400,
	webhooks.QueueName: webhooks.DefaultWorkers,
	MaintenanceQueue:   2,
}

// MaxWorkers is how many jobs of one queue one process may run at once.
const MaxWorkers = river.QueueNumWorkersMax

// Queues are the names of all queues, sorted.
func Queues() []string { return slices.Sorted(maps.Keys(defaultWorkers)) }

// fetchCooldown is the least pause between two fetches of a queue, and in an inserter between two
// notifications of a queue. It bounds throughput to workers ÷ cooldown, and a job waits for half of
// it twice on average: until the workers are told, and until they fetch. Below 10 ms the fetches cost more
// than they bring, and at 1 ms notifications alone take half of the commits: Postgres commits those
// that notify one after the other (docs/performance.md).
const fetchCooldown = 10 * time.Millisecond

// fetchPoll is how often the workers look without having been told to. A job that is inserted just after a
// notification has none of its own, and when nothing follows it waits this long.
const fetchPoll = 100 * time.Millisecond

// fetchPolls are the queues that look at a pace of their own: housekeeping is in no hurry, and each process looks.
var fetchPolls = map[string]time.Duration{MaintenanceQueue: time.Second}

// softStop is how long running jobs may finish when the process is asked to stop.
const softStop = 20 * time.Second

// NewInserter returns a client that inserts jobs and works none.
func NewInserter(pool *pgxpool.Pool, logger *slog.Logger) (*river.Client[pgx.Tx], error) {
	client, err := river.NewClient(pipeline.NewDriver(pool), &river.Config{FetchCooldown: fetchCooldown, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("error making a River client: %w", err)
	}
	return client, nil
}

// NewClient returns a River client with all workers, ready to start.
func NewClient(opts Options) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &paymentWorker{service: opts.Payments, logger: opts.Logger})
	river.AddWorker(workers, &finishWorker{service: opts.Payments, logger: opts.Logger})
	river.AddWorker(workers, &refundWorker{service: opts.Payments, logger: opts.Logger})
	river.AddWorker(workers, &deliveryWorker{deliverer: opts.Deliverer, logger: opts.Logger})
	river.AddWorker(workers, &deliveriesWorker{deliverer: opts.Deliverer, logger: opts.Logger})
	river.AddWorker(workers, &drainWorker{deliverer: opts.Deliverer, logger: opts.Logger})
	river.AddWorker(workers, &sweepWorker{endpoints: opts.Endpoints})
	river.AddWorker(workers, &taskWorker{
		tasks:  &webhooks.Tasks{DB: opts.DB, Queue: opts.Endpoints.Queue, Now: opts.Endpoints.Now},
		logger: opts.Logger,
	})
	river.AddWorker(workers, &forgetWorker{
		retention: &webhooks.Retention{DB: opts.DB, Keep: cmp.Or(opts.WebhookRetention, webhooks.DefaultRetention), Now: opts.Endpoints.Now},
		logger:    opts.Logger,
	})
	river.AddWorker(workers, &expireWorker{service: opts.Payments, logger: opts.Logger})
	river.AddWorker(workers, &sumWorker{sums: &payments.LedgerSums{DB: opts.DB, Now: opts.Endpoints.Now}, logger: opts.Logger})
	river.AddWorker(workers, &examineWorker{db: opts.DB, logger: opts.Logger})
	river.AddWorker(workers, &pruneWorker{
		db: opts.DB, retention: cmp.Or(opts.IdempotencyRetention, 30*24*time.Hour), logger: opts.Logger,
	})

	queues := make(map[string]river.QueueConfig, len(defaultWorkers))
	for name, n := range defaultWorkers {
		if chosen, ok := opts.Workers[name]; ok {
			n = chosen
		}
		if n > 0 {
			queues[name] = river.QueueConfig{MaxWorkers: n, FetchPollInterval: fetchPolls[name]}
		}
	}
	client, err := river.NewClient(riverpgxv5.New(opts.DB), &river.Config{
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		FetchOnlyKnownKinds:         true, // during a rolling upgrade an old worker leaves new kinds alone
		JobTimeout:                  cmp.Or(opts.JobTimeout, time.Minute),
		Logger:                      opts.Logger,
		Middleware:                  append(traced(opts.Tracing), &observer{logger: opts.Logger, metrics: opts.Metrics}),
		PeriodicJobs:                periodicJobs(),
		Queues:                      queues,
		RescueStuckJobsAfter:        cmp.Or(opts.RescueAfter, 2*time.Minute),
		RetryPolicy:                 retryPolicy{},
		SoftStopTimeout:             softStop,
		CompletedJobRetentionPeriod: time.Hour, // history is in our own tables; a short job table is a fast one
		Workers:                     workers,
	})
	if err != nil {
		return nil, fmt.Errorf("error making a River client: %w", err)
	}
	return client, nil
}
