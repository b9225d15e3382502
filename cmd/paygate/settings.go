package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"paygate/checkout"
	"paygate/db"
	"paygate/db/local"
	"paygate/keyring"
	"paygate/processor"
	"paygate/webhooks"
)

// logSettings is how a process reports.
type logSettings struct {
	LogLevel  slog.Level `name:"log-level" env:"PAYGATE_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat logFormat  `name:"log-format" env:"PAYGATE_LOG_FORMAT" default:"json" placeholder:"FORMAT" help:"How it is logged: json for machines, text for people."`
}

func (s logSettings) logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == logText {
		return slog.New(slog.NewTextHandler(to, options))
	}
	return slog.New(slog.NewJSONHandler(to, options))
}

// adminSettings is where an operator's tools look into a process.
type adminSettings struct {
	AdminAddr optionalAddress `name:"admin-addr" env:"PAYGATE_ADMIN_ADDR" default:"127.0.0.1:9090" help:"Where metrics, health and profiles are served, to operators alone; off for nowhere. Two roles on one machine need two."`
}

// databaseSettings is where the records are.
type databaseSettings struct {
	DatabaseURL databaseURL `name:"database-url" env:"DATABASE_URL" help:"PostgreSQL, as postgres://user:password@host:5432/paygate?sslmode=verify-full; sslrootcert, sslcert and sslkey name files. Without it dev brings its own, and everything else uses the dev that runs in this folder."`
	PgBouncer   bool        `name:"pgbouncer" env:"DATABASE_PGBOUNCER" help:"DATABASE_URL leads to a PgBouncer in transaction mode. Not for worker and migrate, which need sessions of their own; see docs/operations.md."`
}

// direct refuses a PgBouncer.
func (s databaseSettings) direct(command string) error {
	if s.PgBouncer {
		return usagef("DATABASE_PGBOUNCER: %s needs sessions of its own (LISTEN, locks): give it a DATABASE_URL that leads to Postgres", command)
	}
	return nil
}

// migrateTimeout bounds one statement of a migration, which may have to go through a large table.
const migrateTimeout = time.Hour

// open connects. A command that migrates passes migrating, every other one refuses a stale schema.
func (s databaseSettings) open(ctx context.Context, role string, migrating bool) (*pgxpool.Pool, error) {
	if !migrating {
		return s.openTraced(ctx, role, nil)
	}
	at, err := s.url()
	if err != nil {
		return nil, err
	}
	return db.Open(ctx, at, db.PoolOptions{ApplicationName: "paygate-" + role, PgBouncer: s.PgBouncer, StatementTimeout: migrateTimeout})
}

// openTraced connects to a schema that is not stale. tracing is nil where nothing is traced.
func (s databaseSettings) openTraced(ctx context.Context, role string, tracing trace.TracerProvider) (*pgxpool.Pool, error) {
	at, err := s.url()
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, at, db.PoolOptions{ApplicationName: "paygate-" + role, PgBouncer: s.PgBouncer, Tracing: tracing})
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// url is DATABASE_URL, or that of the dev in this folder.
func (s databaseSettings) url() (string, error) {
	if s.DatabaseURL != "" {
		return string(s.DatabaseURL), nil
	}
	found, err := findDev()
	if errors.Is(err, local.ErrNotRunning) {
		return "", usagef("DATABASE_URL is not set, and no `paygate dev` is running in this folder")
	}
	return found, err
}

// replicaSettings is where the dashboard may read what is a little old.
type replicaSettings struct {
	ReplicaURL    databaseURL   `name:"database-replica-url" env:"DATABASE_REPLICA_URL" help:"A streaming replica of DATABASE_URL that the dashboard reads from, as long as it is not older than DATABASE_REPLICA_MAX_LAG; otherwise, and right after a change, it reads from the primary."`
	ReplicaMaxLag time.Duration `name:"database-replica-max-lag" env:"DATABASE_REPLICA_MAX_LAG" default:"2s" min:"100ms" max:"10m" help:"How old what is read from the replica may be."`
}

// open returns the replica's pool, nil when there is none. It does not have to be up.
func (s replicaSettings) open(ctx context.Context, role string, tracing trace.TracerProvider) (*pgxpool.Pool, error) {
	if s.ReplicaURL == "" {
		return nil, nil //nolint:nilnil // none is no error
	}
	return db.Open(ctx, string(s.ReplicaURL), db.PoolOptions{ApplicationName: "paygate-" + role + "-reads", Unproven: true, Tracing: tracing})
}

// redisSettings is where caches are.
type redisSettings struct {
	RedisURL redisURL `name:"redis-url" env:"REDIS_URL" help:"Redis, as redis://host:6379/0, redis+sentinel://host:26379,host:26379/0?master_name=NAME or redis+cluster://host:6379,host:6379; rediss for TLS. It holds nothing that may not be lost. Without it dev brings its own."`
	RedisCA  string   `name:"redis-ca-file" env:"REDIS_CA_FILE" placeholder:"FILE" help:"Certificates of the authorities that may vouch for Redis, PEM, instead of the machine's; for a rediss:// URL."`
}

// secretSettings is what protects secrets at rest.
type secretSettings struct {
	EncryptionKeys encryptionKeys `name:"encryption-keys" env:"PAYGATE_ENCRYPTION_KEYS" placeholder:"ID:BASE64,…" help:"Keys that seal secrets in the database, 32 bytes each: the first encrypts, all decrypt. Better given as the variable: flags are seen by everybody on the machine."`
}

// keyring is the given keys, or in development the one that everybody knows.
func (s secretSettings) keyring(development bool) (*keyring.Keyring, error) {
	keys := s.EncryptionKeys.ring
	switch {
	case keys == nil && development:
		return keyring.Development(), nil
	case keys == nil:
		return nil, usagef("PAYGATE_ENCRYPTION_KEYS is not set: make a key with `echo main:$(openssl rand -base64 32)`, or set PAYGATE_DEVELOPMENT=true to try things out")
	case keys.IsDevelopment() && !development:
		return nil, usagef("PAYGATE_ENCRYPTION_KEYS holds the development key, which everybody knows: make one with `echo main:$(openssl rand -base64 32)`")
	}
	return keys, nil
}

// developmentSettings lowers the guards for trying things out.
type developmentSettings struct {
	Development bool `name:"development" env:"PAYGATE_DEVELOPMENT" group:"Secrets" help:"Accept the well-known development key, the demo merchant's credentials, and webhook endpoints without TLS. Never in production."`
}

// acquirerSettings configures the simulated acquirer.
type acquirerSettings struct {
	CheckoutURL     webURL        `name:"checkout-url" env:"PAYGATE_CHECKOUT_URL" default:"http://localhost:3001" group:"Servers" help:"Where customers reach the checkout, without a path; the simulated bank's approval page is there."`
	LatencyMin      time.Duration `name:"processor-latency-min" env:"PROCESSOR_LATENCY_MIN" default:"0s" min:"0s" help:"Its least latency."`
	LatencyMax      time.Duration `name:"processor-latency-max" env:"PROCESSOR_LATENCY_MAX" default:"0s" min:"0s" help:"Its greatest latency; the least when that is more."`
	CardSuccessRate rate          `name:"card-success-rate" env:"CARD_SUCCESS_RATE" default:"1" help:"Share of ordinary card payments that it approves, 0 to 1."`
	UPISuccessRate  rate          `name:"upi-success-rate" env:"UPI_SUCCESS_RATE" default:"1" help:"Share of ordinary UPI payments that it approves, 0 to 1."`
}

func (s acquirerSettings) latencyMax() time.Duration { return max(s.LatencyMin, s.LatencyMax) }

func (s acquirerSettings) simulator(pool *pgxpool.Pool, logger *slog.Logger, notify func(ctx context.Context, paymentID string) error) (*processor.Simulator, error) {
	return processor.NewSimulator(pool, processor.Config{
		ActionURL: func(reference string) string {
			return strings.TrimRight(string(s.CheckoutURL), "/") + checkout.ActionPath + reference
		},
		LatencyMin: s.LatencyMin, LatencyMax: s.latencyMax(), Logger: logger, Notify: notify,
		CardSuccessRate: new(float64(s.CardSuccessRate)), UPISuccessRate: new(float64(s.UPISuccessRate)),
	})
}

// endpointSettings says where webhooks may go.
type endpointSettings struct {
	AllowCIDRs prefixes `name:"webhook-allow-cidrs" env:"WEBHOOK_ALLOW_CIDRS" placeholder:"CIDR,…" help:"Private or reserved ranges that webhooks may go to, as 10.0.0.0/8. dev allows loopback."`
}

// loopback is what dev opens to webhooks, since its receiver is there.
var loopback = prefixes{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// anywhere is for the tools of whoever runs the gateway.
var anywhere = prefixes{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

func (s endpointSettings) guard(development bool) *webhooks.Guard {
	return webhooks.NewGuard(webhooks.GuardOptions{AllowCIDRs: s.AllowCIDRs, AllowHTTP: development})
}

// deliverySettings is how webhooks are sent.
type deliverySettings struct {
	RetrySchedule schedule      `name:"webhook-retry-schedule" env:"WEBHOOK_RETRY_SCHEDULE" default:"0s,5s,1m,5m,30m,2h,5h,10h,10h" placeholder:"DURATION,…" help:"Pauses before each attempt, the first 0s; each varies by a tenth."`
	Timeout       time.Duration `name:"webhook-timeout" env:"WEBHOOK_TIMEOUT" default:"10s" min:"100ms" help:"Bound on one attempt, the answer's body included."`
	HistoryKept   time.Duration `name:"webhook-retention" env:"WEBHOOK_RETENTION" default:"2160h" min:"24h" help:"How long events, deliveries and their attempts are kept. What still waits to be delivered is kept longer."`
}

// workerSettings is how jobs run.
type workerSettings struct {
	acquirerSettings `embed:"" group:"Simulated acquirer"`
	deliverySettings `embed:"" group:"Webhooks"`
	lifetimeSettings `embed:"" group:"Payments"`
	Queues           queueSizes    `name:"queues" env:"PAYGATE_QUEUES" group:"Workers" placeholder:"QUEUE=N,…" help:"Which queues this process works, and how many jobs of each at once, as payments=400,webhooks=400; that is also what it does by default. Others are left to other processes, but maintenance=2 is always added; maintenance=0 leaves that out too."`
	Retention        time.Duration `name:"idempotency-retention" env:"IDEMPOTENCY_RETENTION" default:"720h" min:"48h" group:"Workers" help:"How long the answer to a request with an Idempotency-Key is remembered; Redis keeps copies for 24h."`
	JobTimeout       time.Duration `name:"river-job-timeout" env:"RIVER_JOB_TIMEOUT" default:"1m" min:"1s" max:"1h" group:"Workers" help:"Bound on one run of a job. It must leave room for PROCESSOR_LATENCY_MAX and WEBHOOK_TIMEOUT."`
	RescueAfter      time.Duration `name:"river-rescue-after" env:"RIVER_RESCUE_AFTER" default:"2m" max:"24h" group:"Workers" help:"After how long the job of a crashed worker runs again; more than RIVER_JOB_TIMEOUT, or a job that runs still would run twice."`
}

// check holds the settings against each other.
func (s workerSettings) check() error {
	switch {
	case s.RescueAfter <= s.JobTimeout:
		return usagef("RIVER_RESCUE_AFTER (%s) must be more than RIVER_JOB_TIMEOUT (%s)", s.RescueAfter, s.JobTimeout)
	case s.Timeout >= s.JobTimeout:
		return usagef("WEBHOOK_TIMEOUT (%s) must be less than RIVER_JOB_TIMEOUT (%s)", s.Timeout, s.JobTimeout)
	case s.latencyMax() >= s.JobTimeout:
		return usagef("PROCESSOR_LATENCY_MAX (%s) must be less than RIVER_JOB_TIMEOUT (%s)", s.latencyMax(), s.JobTimeout)
	}
	return nil
}
