package main

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/keyring"
	"paygate/processor"
	"paygate/webhooks"
)

// logSettings is how a process reports.
type logSettings struct {
	LogLevel  slog.Level `name:"log-level" env:"PAYGATE_LOG_LEVEL" default:"info" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string     `name:"log-format" env:"PAYGATE_LOG_FORMAT" default:"json" enum:"json,text" help:"json for machines, text for people."`
}

func (s logSettings) logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(to, options))
	}
	return slog.New(slog.NewJSONHandler(to, options))
}

// databaseSettings is where the records are.
type databaseSettings struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as postgres://user:password@host:5432/paygate. Without it: the dev running in this folder."`
}

// open connects. A command that migrates passes migrating, every other one refuses a stale schema.
func (s databaseSettings) open(ctx context.Context, role string, migrating bool) (*pgxpool.Pool, error) {
	url, err := s.url()
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, url, db.PoolOptions{ApplicationName: "paygate-" + role})
	if err != nil {
		return nil, err
	}
	if !migrating {
		if err := db.CheckSchema(ctx, pool); err != nil {
			pool.Close()
			return nil, err
		}
	}
	return pool, nil
}

// redisSettings is where caches are.
type redisSettings struct {
	RedisURL string `name:"redis-url" env:"REDIS_URL" placeholder:"URL" help:"Redis, as redis://host:6379/0. It holds nothing that may not be lost."`
}

// secretSettings is what protects secrets at rest.
type secretSettings struct {
	EncryptionKeys string `name:"encryption-keys" env:"PAYGATE_ENCRYPTION_KEYS" placeholder:"ID:BASE64,…" help:"Keys that seal secrets in the database, 32 bytes each: the first encrypts, all decrypt."`
	Development    bool   `name:"development" env:"PAYGATE_DEVELOPMENT" help:"Accept the well-known development key and webhook endpoints without TLS. Never in production."`
}

func (s secretSettings) keyring() (*keyring.Keyring, error) {
	if s.EncryptionKeys == "" {
		if !s.Development {
			return nil, usagef("PAYGATE_ENCRYPTION_KEYS is not set: make a key with `echo main:$(openssl rand -base64 32)`, or set PAYGATE_DEVELOPMENT=true to try things out")
		}
		return keyring.Development(), nil
	}
	keys, err := keyring.Parse(s.EncryptionKeys)
	if err != nil {
		return nil, usagef("PAYGATE_ENCRYPTION_KEYS: %w", err)
	}
	if keys.IsDevelopment() && !s.Development {
		return nil, usagef("PAYGATE_ENCRYPTION_KEYS holds the development key, which everybody knows: make one with `echo main:$(openssl rand -base64 32)`")
	}
	return keys, nil
}

// acquirerSettings configures the simulated acquirer.
type acquirerSettings struct {
	LatencyMin      time.Duration `name:"processor-latency-min" env:"PROCESSOR_LATENCY_MIN" default:"0s" help:"The simulated acquirer's least latency."`
	LatencyMax      time.Duration `name:"processor-latency-max" env:"PROCESSOR_LATENCY_MAX" default:"0s" help:"Its greatest latency."`
	CardSuccessRate float64       `name:"card-success-rate" env:"CARD_SUCCESS_RATE" default:"1" help:"Share of ordinary card payments that it approves, 0 to 1."`
	UPISuccessRate  float64       `name:"upi-success-rate" env:"UPI_SUCCESS_RATE" default:"1" help:"Share of ordinary UPI payments that it approves, 0 to 1."`
}

func (s acquirerSettings) open(pool *pgxpool.Pool, logger *slog.Logger) (*processor.Simulator, error) {
	// The acquirer's latency is spent inside a job, and a job has JobTimeout.
	simulator, err := processor.NewSimulator(pool, processor.Config{
		LatencyMin: s.LatencyMin, LatencyMax: max(s.LatencyMin, s.LatencyMax),
		CardSuccessRate: &s.CardSuccessRate, UPISuccessRate: &s.UPISuccessRate, Logger: logger,
	})
	if err != nil {
		return nil, &usageError{err}
	}
	return simulator, nil
}

// webhookSettings configures deliveries.
type webhookSettings struct {
	RetrySchedule string        `name:"webhook-retry-schedule" env:"WEBHOOK_RETRY_SCHEDULE" default:"0s,5s,1m,5m,30m,2h,5h,10h,10h" help:"Pauses before each attempt, the first 0s."`
	Timeout       time.Duration `name:"webhook-timeout" env:"WEBHOOK_TIMEOUT" default:"10s" help:"Bound on one attempt, the answer's body included."`
	AllowCIDRs    string        `name:"webhook-allow-cidrs" env:"WEBHOOK_ALLOW_CIDRS" placeholder:"CIDR,…" help:"Private or reserved ranges that webhooks may go to."`
}

func (s webhookSettings) schedule() (webhooks.Schedule, error) {
	schedule, err := webhooks.ParseSchedule(s.RetrySchedule)
	if err != nil {
		return nil, usagef("WEBHOOK_RETRY_SCHEDULE: %w", err)
	}
	return schedule, nil
}

// The bounds of WEBHOOK_TIMEOUT: an attempt has to end within its job.
const (
	minWebhookTimeout = 100 * time.Millisecond
	maxWebhookTimeout = 45 * time.Second
)

func (s webhookSettings) guard(allowHTTP bool) (*webhooks.Guard, error) {
	if s.Timeout < minWebhookTimeout || s.Timeout > maxWebhookTimeout {
		return nil, usagef("WEBHOOK_TIMEOUT must be from %s to %s, not %s", minWebhookTimeout, maxWebhookTimeout, s.Timeout)
	}
	options := webhooks.GuardOptions{AllowHTTP: allowHTTP}
	for text := range strings.SplitSeq(s.AllowCIDRs, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usagef("WEBHOOK_ALLOW_CIDRS: %q is not a range such as 10.0.0.0/8", text)
		}
		options.AllowCIDRs = append(options.AllowCIDRs, prefix)
	}
	return webhooks.NewGuard(options), nil
}

// url is DATABASE_URL, or that of the dev in this folder.
func (s databaseSettings) url() (string, error) {
	if s.DatabaseURL != "" {
		return s.DatabaseURL, nil
	}
	url, err := findDev()
	if err != nil {
		return "", usagef("DATABASE_URL is not set, and %w", err)
	}
	return url, nil
}
