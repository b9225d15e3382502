package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"

	"paygate/gate"
	"paygate/tracing/export"
)

// openGate returns a gate at Redis; the process closes both.
func (p *process) openGate(s redisSettings, logger *slog.Logger) *gate.Gate {
	redis.SetLogger(redisLogger{logger}) // else it writes to standard error whatever it meets
	client := gate.NewClient(s.RedisURL.options, 0)
	if p.tracing != nil {
		// Commands are named without what they are about: keys and values are of requests. What is of no request, as a
		// probe, is not traced.
		if err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(export.Children(p.tracing)),
			redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false)); err != nil {
			logger.LogAttrs(context.Background(), slog.LevelWarn, "redis is not traced", slog.Any("error", err))
		}
	}
	p.onStop(func(context.Context) error {
		if err := client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			return fmt.Errorf("error closing Redis: %w", err)
		}
		return nil
	})
	g := gate.New(gate.Options{Redis: client, Logger: logger, Observe: p.metrics.Exchange})
	p.metrics.WatchRedis(g.InUse)
	p.onStop(g.Close)
	return g
}

// redisLogger lets the client's remarks be seen by who looks for them. What they are about is reported by
// the gate, once.
type redisLogger struct{ logger *slog.Logger }

// Printf implements the logger of go-redis.
func (l redisLogger) Printf(ctx context.Context, format string, args ...any) {
	l.logger.LogAttrs(ctx, slog.LevelDebug, "redis client", slog.String("remark", fmt.Sprintf(format, args...)))
}
