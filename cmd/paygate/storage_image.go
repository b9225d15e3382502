//go:build image

package main

import (
	"context"
	"log/slog"
)

// startStorage asks for what was not given: an image has no Postgres to start, and no room for one to be unpacked, so that its
// build leaves out what `paygate dev` brings for a machine of one's own.
func (*process) startStorage(_ context.Context, c *devCommand, _ *slog.Logger) error {
	if c.RedisURL.options == nil || c.DatabaseURL == "" {
		return usagef("this build of paygate, for an image, starts neither Postgres nor Redis: set DATABASE_URL and REDIS_URL, or use docker-compose.yml")
	}
	return nil
}
