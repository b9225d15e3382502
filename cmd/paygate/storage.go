package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"paygate/db/local"
)

// storage is the servers that dev brings along.
type storage struct {
	postgres *local.Postgres
	redis    *local.Redis
}

// startStorage starts what no URL was given for, and notes the URLs in the command's settings.
func startStorage(ctx context.Context, c *devCommand, logger *slog.Logger) (s *storage, err error) {
	s = &storage{}
	if c.DatabaseURL == "" {
		if s.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Dir: postgresDir(), Logger: logger}); err != nil {
			if locked, ok := errors.AsType[*local.LockedError](err); ok {
				return nil, fmt.Errorf("another `paygate dev` is running in this folder: %w", locked)
			}
			return nil, err
		}
		c.DatabaseURL = s.postgres.URL()
	}
	if c.RedisURL == "" {
		if s.redis, err = local.StartRedis(ctx); err != nil {
			return nil, errors.Join(err, s.stop(context.WithoutCancel(ctx)))
		}
		c.RedisURL = s.redis.URL()
	}
	return s, nil
}

// watch ends when ctx does, or with an error when the server dies.
func (s *storage) watch(ctx context.Context) error {
	if s.postgres == nil {
		<-ctx.Done()
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.postgres.Done():
		return fmt.Errorf("the embedded Postgres ended: %w", s.postgres.Err())
	}
}

func (s *storage) stop(ctx context.Context) error {
	if s.redis != nil {
		s.redis.Close()
	}
	if s.postgres != nil {
		return s.postgres.Stop(ctx)
	}
	return nil
}
