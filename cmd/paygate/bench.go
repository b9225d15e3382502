package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"paygate/bench/load"
)

// The bounds of what bench may ask of an installation.
const (
	benchConnections = 256
	benchDuration    = time.Minute
	benchRequests    = 1_000_000
)

type benchCommand struct {
	URL         webURL        `name:"url" default:"http://localhost:8000" help:"Base URL of the API. Payments are made there, for the merchant of the secret."`
	Secret      string        `name:"secret" env:"PAYGATE_BENCH_SECRET" placeholder:"SECRET" help:"The merchant's secret key; without it the demo merchant's."`
	Connections int           `name:"connections" default:"64" help:"How many connections ask at once, 1 to 256."`
	Duration    time.Duration `name:"duration" default:"10s" min:"1s" max:"1m" help:"How long."`
	Requests    int64         `name:"requests" default:"100000" help:"How many payments are made at most, 1 to 1000000."`
	Rate        float64       `name:"rate" placeholder:"N" help:"Start N requests a second, whatever became of those before. Without it each connection sends its next request when it has its answer."`
	Remote      bool          `name:"remote" help:"Allow a URL that is not on this machine."`
}

func (c *benchCommand) run(ctx context.Context, io streams) error {
	target, err := load.NewTarget(string(c.URL), cmp.Or(c.Secret, demoSecret))
	switch {
	case err != nil:
		return usagef("--url: %w", err)
	case !c.Remote && !target.Loopback():
		return usagef("--url=%s is not on this machine: bench makes payments there as fast as it can; say --remote if that is meant", c.URL)
	case c.Connections < 1 || c.Connections > benchConnections:
		return usagef("--connections=%d: permitted is 1 to %d", c.Connections, benchConnections)
	case c.Requests < 1 || c.Requests > benchRequests:
		return usagef("--requests=%d: permitted is 1 to %d", c.Requests, benchRequests)
	case c.Rate < 0:
		return usagef("--rate=%g is less than nothing", c.Rate)
	}
	result, err := load.Run(ctx, load.Options{
		Target: target, Connections: c.Connections, Duration: min(c.Duration, benchDuration), Rate: c.Rate, MaxRequests: c.Requests,
	})
	if err != nil {
		return err
	}
	return c.print(io, result)
}

func (c *benchCommand) print(io streams, r *load.Result) error {
	if err := say(io.out, "%d payments accepted in %s: %.0f a second\n", len(r.Latencies), r.Elapsed.Round(time.Millisecond), r.Rate()); err != nil {
		return err
	}
	var others []string
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		others = append(others, fmt.Sprintf("%d × %d", r.Statuses[status], status))
	}
	if err := say(io.out, "answers: %s\n", strings.Join(others, ", ")); err != nil {
		return err
	}
	return say(io.out, "latency: mean %s, p50 %s, p95 %s, p99 %s, max %s\n", r.Mean().Round(time.Microsecond),
		r.Percentile(.5).Round(time.Microsecond), r.Percentile(.95).Round(time.Microsecond),
		r.Percentile(.99).Round(time.Microsecond), r.Percentile(1).Round(time.Microsecond))
}
