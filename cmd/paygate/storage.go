//go:build !image

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"paygate/db/local"
)

// startStorage starts what no URL was given for, and notes the URLs in the command's settings.
func (p *process) startStorage(ctx context.Context, c *devCommand, logger *slog.Logger) error {
	if c.RedisURL.options == nil {
		redis, err := local.StartRedis(ctx)
		if err != nil {
			return err
		}
		p.onStop(func(context.Context) error { redis.Close(); return nil })
		if err := c.RedisURL.UnmarshalText([]byte(redis.URL())); err != nil {
			return fmt.Errorf("error using the in-process Redis: %w", err)
		}
	}
	if c.DatabaseURL != "" {
		return nil
	}
	begin := time.Now()
	postgres, err := local.StartPostgres(ctx, local.PostgresOptions{Dir: devPostgresDir, Logger: logger})
	if locked, ok := errors.AsType[*local.LockedError](err); ok {
		return devRunning(locked.PID)
	}
	if err != nil {
		return err
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "postgres is running", slog.String("url", postgres.URL()), slog.Duration("took", time.Since(begin)))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-postgres.Done()
		if err := postgres.Err(); err != nil {
			p.fail(err)
		}
	}()
	p.onStop(func(ctx context.Context) error {
		err := postgres.Stop(ctx)
		<-stopped
		return err
	})
	c.DatabaseURL = databaseURL(postgres.URL())
	return nil
}
