package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"paygate/bench/load"
	"paygate/db"
)

// cost is what payments took.
type cost struct {
	payments int
	used     usages
}

// perPayment is milliseconds of processor time for each payment.
func (c cost) perPayment(name string) float64 {
	if c.payments == 0 {
		return 0
	}
	return float64(c.used[name].cpu) / float64(time.Millisecond) / float64(c.payments)
}

// gatewayResults is what was measured of one build.
type gatewayResults struct {
	name     string
	intake   map[int]*load.Result
	cost     map[int]cost
	openRate float64
	open     *load.Result
	overload *load.Result // nil when it was not measured

	wholeRate    []float64 // payments a second from request to webhook, one for each round
	wholeLatency []time.Duration
	wholeCost    cost
	wholeOpen    *load.Result
	wholeAt      float64
	wholeOpenEnd []time.Duration

	pickup []time.Duration
}

// results is a whole run.
type results struct {
	// concurrencies are how many connections or clients ask at once.
	concurrencies []int
	rounds        int
	floors        map[int][]floor
	gateways      []*gatewayResults
	fleet         *fleetResults // nil when it was not measured
}

func (r *results) floorRate(clients int) float64 {
	var sum float64
	for _, f := range r.floors[clients] {
		sum += f.rate
	}
	return sum / float64(len(r.floors[clients]))
}

func (r *results) floorMean(clients int) time.Duration {
	var sum time.Duration
	for _, f := range r.floors[clients] {
		sum += f.mean
	}
	return sum / time.Duration(len(r.floors[clients]))
}

// measureIntake measures pgbench and every gateway in turn, so that a busy minute of the machine
// spoils all alike.
func (r *rig) measureIntake(ctx context.Context, gateways []*gateway, into *results, progress func(string, ...any)) error {
	for round := range into.rounds {
		for _, n := range into.concurrencies {
			f, err := r.measureFloor(ctx, n)
			if err != nil {
				return err
			}
			into.floors[n] = append(into.floors[n], f)
			progress("round %d, %3d: pgbench %6.0f/s %7.2f ms", round+1, n, f.rate, ms(f.mean))
			for _, g := range inTurn(gateways, round) { // whoever comes after pgbench is there while its pages are written
				result, used, err := r.measureOne(ctx, g, load.Options{Connections: n, Duration: r.phase})
				if err != nil {
					return err
				}
				of := into.gateways[slices.Index(gateways, g)]
				if of.intake[n] == nil {
					of.intake[n] = &load.Result{}
				}
				of.intake[n].Add(result)
				total := of.cost[n]
				total.add(len(result.Latencies), used)
				of.cost[n] = total
				progress("; %s %6.0f/s p50 %6.2f p99 %6.2f ms", g.name, result.Rate(), ms(result.Percentile(.5)), ms(result.Percentile(.99)))
			}
			progress("\n")
		}
	}
	return nil
}

func (c *cost) add(payments int, used usages) {
	c.payments += payments
	if c.used == nil {
		c.used = usages{}
	}
	for name, u := range used {
		c.used[name] = usage{c.used[name].cpu + u.cpu, u.memory}
	}
}

// measureOne runs one load against one gateway.
func (r *rig) measureOne(ctx context.Context, g *gateway, opts load.Options) (*load.Result, usages, error) {
	before, err := r.usages(g)
	if err != nil {
		return nil, nil, err
	}
	opts.Target = g.target
	result, err := load.Run(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	after, err := r.usages(g)
	if err != nil {
		return nil, nil, err
	}
	if len(result.Latencies) == 0 {
		return nil, nil, fmt.Errorf("nothing was accepted: %v", result.Statuses)
	}
	return result, after.since(before), nil
}

// measureOpen sends at half the peak, whatever the answers.
func (r *rig) measureOpen(ctx context.Context, g *gateway, into *gatewayResults) error {
	for _, at := range into.intake {
		into.openRate = max(into.openRate, at.Rate()/2)
	}
	var err error
	into.open, _, err = r.measureOne(ctx, g, load.Options{Connections: 256, Duration: r.phase, Rate: into.openRate})
	return err
}

// Too much is so many times the peak, from so many connections: more than wait in a queue.
const (
	overloadTimes       = 3
	overloadConnections = 6000
)

// measureOverload sends more than can be taken, whatever the answers.
func (r *rig) measureOverload(ctx context.Context, g *gateway, into *gatewayResults) error {
	var err error
	into.overload, _, err = r.measureOne(ctx, g, load.Options{Connections: overloadConnections, Duration: r.phase, Rate: 2 * overloadTimes * into.openRate})
	return err
}

// maxOutstanding is how many payments may wait for their webhook while more are sent: enough to keep
// every part busy, too few for a backlog that would flatter the intake.
const maxOutstanding = 1000

// measureWhole measures the way from the request to the verified webhook.
func (r *rig) measureWhole(ctx context.Context, g *gateway, into *gatewayResults) error {
	before, err := r.usages(g)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ready := time.NewTicker(time.Millisecond)
	defer ready.Stop()
	begin := time.Now()
	result, err := load.Run(ctx, load.Options{
		Target: g.target, Connections: 64, Duration: r.phase, Accepted: r.sink.accept,
		Before: func(ctx context.Context) {
			for r.sink.outstanding() > maxOutstanding && ctx.Err() == nil {
				select {
				case <-ready.C:
				case <-ctx.Done():
				}
			}
		},
	})
	if err != nil {
		return err
	}
	if err := r.sink.drained(ctx); err != nil {
		return err
	}
	elapsed := time.Since(begin)
	after, err := r.usages(g)
	if err != nil {
		return err
	}
	latencies, err := r.sink.reset()
	if err != nil {
		return err
	}
	into.wholeCost.add(len(latencies), after.since(before))
	into.wholeRate = append(into.wholeRate, float64(len(result.Latencies))/elapsed.Seconds())
	into.wholeLatency = append(into.wholeLatency, latencies...)
	return nil
}

// measureWholeOpen is half of what the whole way can take.
func (r *rig) measureWholeOpen(ctx context.Context, g *gateway, into *gatewayResults) error {
	into.wholeAt = mean(into.wholeRate) / 2
	result, _, err := r.measureOne(ctx, g, load.Options{Connections: 256, Duration: r.phase, Rate: into.wholeAt, Accepted: r.sink.accept})
	if err != nil {
		return err
	}
	into.wholeOpen = result
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.sink.drained(ctx); err != nil {
		return err
	}
	into.wholeOpenEnd, err = r.sink.reset()
	return err
}

// pickupRate is how many payments a second are made while their jobs' waits are measured.
const pickupRate = 300

// measurePickup reads how long jobs waited between their insertion and their start, by River's own
// books. The insertion's time is taken before its commit, so the wait includes the commit.
func (r *rig) measurePickup(ctx context.Context, g *gateway, into *gatewayResults) error {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	var from int64
	if err := pool.QueryRow(ctx, "SELECT coalesce(max(id), 0) FROM river_job").Scan(&from); err != nil {
		return fmt.Errorf("error reading the last job: %w", err)
	}
	if _, _, err := r.measureOne(ctx, g, load.Options{Connections: 64, Duration: r.phase, Rate: pickupRate, Accepted: r.sink.accept}); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.sink.drained(wait); err != nil {
		return err
	}
	rows, err := pool.Query(ctx, `SELECT extract(epoch FROM attempted_at - created_at)::float8 FROM river_job
		WHERE id > $1 AND kind = 'process_payment' AND attempted_at IS NOT NULL ORDER BY attempted_at - created_at`, from)
	if err != nil {
		return fmt.Errorf("error reading jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seconds float64
		if err := rows.Scan(&seconds); err != nil {
			return fmt.Errorf("error reading a job: %w", err)
		}
		into.pickup = append(into.pickup, time.Duration(seconds*float64(time.Second)))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("error reading jobs: %w", err)
	}
	_, err = r.sink.reset()
	return err
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
