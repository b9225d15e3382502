package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"paygate/bench/load"
	"paygate/db"
)

func (o options) has(part string) bool { return slices.Contains(strings.Split(o.parts, ","), part) }

// startOver empties what an earlier measurement left to be done.
func (g *gateway) startOver(ctx context.Context) error {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "TRUNCATE payments, refunds, events, webhook_deliveries, webhook_attempts, idempotency_keys, river_job, acquirer.operations"); err != nil {
		return fmt.Errorf("error emptying tables: %w", err)
	}
	// Each gateway's endpoint has a secret of its own, and the sink knows one.
	return g.subscribe(ctx)
}

// parts in the order of a request's way.
var parts = []string{"api", "worker", "postgres", "redis", "bench"}

// report is the tables, as Markdown.
func (r *results) report(o options) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("%s, %d cores (%s), %s, load average before: see below. %d rounds of %s each, taking turns.",
		time.Now().UTC().Format("2 January 2006 15:04 UTC"), runtime.NumCPU(), processorName(), runtime.Version(), r.rounds, o.phase)
	for _, g := range r.gateways {
		r.reportIntake(g, line)
		r.reportWhole(g, line)
	}
	if r.fleet != nil {
		line("")
		b.WriteString(r.fleet.describe())
	}
	return b.String()
}

func (r *results) reportIntake(g *gatewayResults, line func(string, ...any)) {
	if len(g.intake) == 0 {
		return
	}
	line("")
	line("Intake (%s): `POST /payments` over HTTP, answered after the commit.", g.name)
	line("")
	line("| connections | pgbench /s | mean ms | intake /s | p50 ms | p99 ms | ratio | p99 ÷ pgbench's mean | CPU-ms per payment: API | Postgres | Redis | together | load generator |")
	line("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, n := range r.concurrencies {
		at, c := g.intake[n], g.cost[n]
		line("| %d | %.0f | %.2f | %.0f | %.2f | %.2f | **%.2f ×** | %.2f | %.3f | %.3f | %.3f | **%.3f** | %.3f |",
			n, r.floorRate(n), ms(r.floorMean(n)), at.Rate(), ms(at.Percentile(.5)), ms(at.Percentile(.99)), at.Rate()/r.floorRate(n),
			float64(at.Percentile(.99))/float64(r.floorMean(n)), c.perPayment("api"), c.perPayment("postgres"), c.perPayment("redis"),
			c.perPayment("api")+c.perPayment("postgres")+c.perPayment("redis"), c.perPayment("bench"))
		if len(at.Statuses) > 1 {
			line("")
			line("Answers at %d connections: %v", n, at.Statuses)
		}
	}
	line("")
	line("At a constant %.0f requests a second (half the peak, open model): %s.", g.openRate, percentiles(g.open.Latencies))
	if g.overload == nil {
		return
	}
	line("")
	line("At %d times the peak (open model, %d connections): %.0f/s accepted, **%.2f ×** the peak; answers %v; %s.", overloadTimes, overloadConnections,
		g.overload.Rate(), g.overload.Rate()/(2*g.openRate), g.overload.Statuses, percentiles(g.overload.Latencies))
}

func (r *results) reportWhole(g *gatewayResults, line func(string, ...any)) {
	if len(g.wholeRate) == 0 {
		return
	}
	slices.Sort(g.wholeLatency)
	line("")
	line("The whole way (%s): accepted, processed, booked, webhook received and its signature verified; API, worker, Postgres, Redis, load generator and sink share the machine; at most %d payments on their way.", g.name, maxOutstanding)
	line("")
	line("| | |")
	line("|---|---|")
	line("| payments a second | %.0f (%s) |", mean(g.wholeRate), list(g.wholeRate))
	line("| pgbench at 64 clients, in between | %.0f |", r.floorRate(64))
	line("| ratio | **%.2f ×** |", mean(g.wholeRate)/r.floorRate(64))
	line("| request to webhook at that rate | %s |", percentiles(g.wholeLatency))
	line("| request to webhook at %.0f/s (half, open model) | %s |", g.wholeAt, percentiles(g.wholeOpenEnd))
	line("| request to answer at %.0f/s | %s |", g.wholeAt, percentiles(g.wholeOpen.Latencies))
	line("| insertion to start of processing at %d/s | %s |", pickupRate, percentiles(g.pickup))
	var cpu, memory []string
	for _, name := range parts {
		cpu = append(cpu, fmt.Sprintf("%s %.3f", name, g.wholeCost.perPayment(name)))
		memory = append(memory, fmt.Sprintf("%s %d", name, g.wholeCost.used[name].memory>>20))
	}
	line("| CPU-ms per payment | %s |", strings.Join(cpu, ", "))
	line("| memory afterwards, MiB | %s |", strings.Join(memory, ", "))
}

func percentiles(sorted []time.Duration) string {
	return fmt.Sprintf("p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, max %.1f ms", ms(load.Percentile(sorted, .5)), ms(load.Percentile(sorted, .95)),
		ms(load.Percentile(sorted, .99)), ms(load.Percentile(sorted, 1)))
}

func list(values []float64) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprintf("%.0f", v))
	}
	return strings.Join(out, ", ")
}

func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

// The measured part of the results' file stands between these.
const (
	beginMark = "<!-- make bench writes from here -->"
	endMark   = "<!-- to here -->"
)

// writeReport puts the tables where the last ones stood.
func writeReport(path, report string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("error reading the results: %w", err)
	}
	before, rest, found := bytes.Cut(text, []byte(beginMark))
	_, after, foundEnd := bytes.Cut(rest, []byte(endMark))
	if !found || !foundEnd {
		return fmt.Errorf("%s has no place for results: %s … %s", path, beginMark, endMark)
	}
	whole := fmt.Sprintf("%s%s\n%s\n%s%s", before, beginMark, report, endMark, after)
	if err := os.WriteFile(filepath.Clean(path), []byte(whole), 0o644); err != nil { //nolint:gosec // a document
		return fmt.Errorf("error writing the results: %w", err)
	}
	return nil
}

// best is the largest value there is to draw.
func (r *results) best() float64 {
	top := 1.0
	for _, n := range r.concurrencies {
		top = max(top, r.floorRate(n))
		for _, g := range r.gateways {
			if at := g.intake[n]; at != nil {
				top = max(top, at.Rate())
			}
		}
	}
	return cmp.Or(top, 1)
}
