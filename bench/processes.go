package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"paygate/bench/load"
	"paygate/db"
	"paygate/db/local/process"
)

// What is measured of fleets: workers and APIs of these numbers, side by side on one machine.
var (
	workerCounts = []int{1, 2, 4}
	apiCounts    = []int{1, 2}
)

// apiConnections is what APIs share, however many there are: as many as one gathers into a full transaction, and as many as keep two
// of them busy, each with its own.
var apiConnections = []int{64, 256}

// noiseBound is the share by which more processes may fall short of fewer before that counts as a loss: rounds of one and the same
// fleet differ by as much here.
const noiseBound = 0.10

// backlog is how many payments wait before workers are let at them, and warmUp how many each has done before.
const (
	backlog = 8000
	warmUp  = 500
)

// killedGateway tells the gateway whose processes are killed from those that are measured.
const killedGateway = 9

// fleetRates are payments a second, one for each round, by the number of processes.
type fleetRates map[int][]float64

// best is the fastest round: what others on the machine take is only ever missing.
func (r fleetRates) best(n int) float64 { return slices.Max(r[n]) }

// beside is how more processes did beside fewer in the middle one of the rounds: what others on the machine take for a while is missing in
// both, where the best rounds may be minutes apart.
func (r fleetRates) beside(more, fewer int) float64 {
	ratios := make([]float64, len(r[more]))
	for round := range ratios {
		ratios[round] = r[more][round] / r[fewer][round]
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// check fails when the best round of more processes did less than that of fewer. What they did side by side is printed beside it, and
// excuses nothing.
func (r fleetRates) check(what string, counts []int) error {
	var errs []error
	for i, n := range counts[1:] {
		fewer := counts[i]
		if r.best(n) < (1-noiseBound)*r.best(fewer) {
			errs = append(errs, fmt.Errorf("%d %s did %.0f/s, %d did %.0f/s, %.2f times as many side by side",
				n, what, r.best(n), fewer, r.best(fewer), r.beside(n, fewer)))
		}
	}
	return errors.Join(errs...)
}

// fleetResults is what was measured of numbers of processes.
type fleetResults struct {
	workers fleetRates
	// apis are those of each of apiConnections.
	apis map[int]fleetRates
	// workerCost is what a payment took of the processors at the least, by the number of workers. Others on the machine disturb
	// it less than they do rates.
	workerCost map[int]workCost
	// accepted is how many payments were made while a worker and an API were killed; recovered is how long after
	// the last of them everything was done.
	accepted  int
	recovered time.Duration
}

// measureProcesses measures numbers of workers and of APIs in turn, and kills one of each in the middle; or of workers alone.
func (r *rig) measureProcesses(ctx context.Context, g *gateway, rounds int, workersAlone bool, progress func(string, ...any)) (*fleetResults, error) {
	f := &fleetResults{workers: fleetRates{}, apis: map[int]fleetRates{}, workerCost: map[int]workCost{}}
	if workersAlone {
		for round := range rounds {
			if err := r.measureWorkers(ctx, g, f, round, progress); err != nil {
				return nil, err
			}
		}
		return f, f.workers.check("workers", workerCounts)
	}
	apis := []load.Target{g.target}
	for len(apis) < slices.Max(apiCounts) {
		target, _, err := g.startAPI(ctx)
		if err != nil {
			return nil, err
		}
		apis = append(apis, target)
	}
	for round := range rounds {
		if err := r.measureAPIs(ctx, g, apis, f, round, progress); err != nil {
			return nil, err
		}
		if err := r.measureWorkers(ctx, g, f, round, progress); err != nil {
			return nil, err
		}
	}
	if err := r.killOne(ctx, g.binary, f, progress); err != nil {
		return nil, err
	}
	errs := []error{f.workers.check("workers", workerCounts)}
	for _, connections := range apiConnections {
		errs = append(errs, f.apis[connections].check(fmt.Sprintf("APIs with %d connections", connections), apiCounts))
	}
	return f, errors.Join(errs...)
}

// inTurn begins with another one of what is measured in each round, so that none of it always comes after another.
func inTurn[T any](all []T, round int) []T {
	first := round % len(all)
	return slices.Concat(all[first:], all[:first])
}

// measureAPIs sends load to each number of APIs in turn.
func (r *rig) measureAPIs(ctx context.Context, g *gateway, apis []load.Target, f *fleetResults, round int, progress func(string, ...any)) error {
	for _, connections := range apiConnections {
		if f.apis[connections] == nil {
			f.apis[connections] = fleetRates{}
		}
		for _, n := range inTurn(apiCounts, round) {
			rate, err := r.intakeOf(ctx, apis[:n], connections)
			if err != nil {
				return err
			}
			f.apis[connections][n] = append(f.apis[connections][n], rate)
			progress("round %d: %d APIs take %.0f/s by %d connections\n", round+1, n, rate, connections)
			if err := g.startOver(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureWorkers lets each number of workers at a backlog in turn.
func (r *rig) measureWorkers(ctx context.Context, g *gateway, f *fleetResults, round int, progress func(string, ...any)) error {
	for _, n := range inTurn(workerCounts, round) {
		if err := g.startOver(ctx); err != nil {
			return err
		}
		rate, each, err := r.drainBy(ctx, g, n, progress)
		if err != nil {
			return err
		}
		f.workers[n] = append(f.workers[n], rate)
		if least, ok := f.workerCost[n]; !ok || each.sum() < least.sum() {
			f.workerCost[n] = each
		}
		progress("round %d: %d workers finish %.0f/s, for each %.2f ms of the workers and %.2f ms of Postgres\n", round+1, n, rate, ms(each.workers), ms(each.postgres))
	}
	return nil
}

// startAPI starts another API of the gateway.
func (g *gateway) startAPI(ctx context.Context) (load.Target, *process.Process, error) {
	child, addr, _, err := g.start(ctx, "api")
	if err != nil {
		return load.Target{}, nil, err
	}
	target, err := load.NewTarget("http://"+addr, demoSecret)
	if err != nil {
		return load.Target{}, nil, err
	}
	return target, child, await(ctx, func(ctx context.Context) error {
		return fetch(ctx, "GET", "http://"+addr+"/health", "", nil, nil)
	})
}

// intakeOf shares connections among APIs.
func (r *rig) intakeOf(ctx context.Context, targets []load.Target, connections int) (float64, error) {
	results := make([]*load.Result, len(targets))
	errs := make([]error, len(targets))
	var all sync.WaitGroup
	for i, target := range targets {
		all.Go(func() {
			results[i], errs[i] = load.Run(ctx, load.Options{Target: target, Connections: connections / len(targets), Duration: r.phase})
		})
	}
	all.Wait()
	var rate float64
	for i, result := range results {
		if errs[i] != nil {
			return 0, errs[i]
		}
		rate += result.Rate()
	}
	return rate, nil
}

// drainBy lets n workers at a backlog, and returns how many payments a second they brought to their webhook, and how much
// processor time of theirs and of Postgres' each took. They have worked before, and are held back until the backlog is there: what each
// takes to start and to open its connections is no part of what it does, and would count n times.
func (r *rig) drainBy(ctx context.Context, g *gateway, n int, progress func(string, ...any)) (rate float64, each workCost, err error) {
	workers := make([]*process.Process, n)
	for i := range workers {
		if workers[i], err = g.startIdleWorker(ctx); err != nil {
			return 0, each, err
		}
	}
	if _, err := r.makePayments(ctx, g, n*warmUp); err != nil {
		return 0, each, err
	}
	if err := r.settle(ctx); err != nil {
		return 0, each, err
	}
	queues, err := g.openQueues(ctx)
	if err != nil {
		return 0, each, err
	}
	defer queues.close()
	if err := queues.pause(ctx); err != nil {
		return 0, each, err
	}
	made, err := r.makePayments(ctx, g, backlog)
	if err != nil {
		return 0, each, err
	}
	if r.statements {
		if err := g.forgetStatements(ctx); err != nil {
			return 0, each, err
		}
	}
	before, err := r.workUsage(workers)
	if err != nil {
		return 0, each, err
	}
	begin := time.Now()
	if err := queues.resume(ctx); err != nil {
		return 0, each, err
	}
	if err := r.sink.drained(ctx); err != nil {
		return 0, each, err
	}
	elapsed := time.Since(begin)
	after, err := r.workUsage(workers)
	if err != nil {
		return 0, each, err
	}
	if r.statements {
		if err := g.printStatements(ctx, progress); err != nil {
			return 0, each, err
		}
	}
	for _, worker := range workers {
		if err := worker.Stop(ctx, stopGrace, syscall.SIGTERM); err != nil {
			return 0, each, fmt.Errorf("error stopping a worker: %w", err)
		}
	}
	_, err = r.sink.reset()
	each = workCost{(after.workers - before.workers) / time.Duration(made), (after.postgres - before.postgres) / time.Duration(made)}
	return float64(made) / elapsed.Seconds(), each, err
}

// makePayments makes about n payments, and returns how many there are.
func (r *rig) makePayments(ctx context.Context, g *gateway, n int) (int, error) {
	made, err := load.Run(ctx, load.Options{Target: g.target, Connections: 64, Duration: time.Minute, MaxRequests: int64(n), Accepted: r.sink.accept})
	if err != nil {
		return 0, err
	}
	return len(made.Latencies), nil
}

// settle waits until every payment has arrived, and forgets them.
func (r *rig) settle(ctx context.Context) error {
	if err := r.sink.drained(ctx); err != nil {
		return err
	}
	_, err := r.sink.reset()
	return err
}

// workCost is processor time of workers and of Postgres.
type workCost struct{ workers, postgres time.Duration }

func (c workCost) sum() time.Duration { return c.workers + c.postgres }

// workUsage is what workers and Postgres have used so far.
func (r *rig) workUsage(workers []*process.Process) (used workCost, err error) {
	ofPostgres, err := usageOf(r.postgresPID)
	if err != nil {
		return used, err
	}
	used.postgres = ofPostgres.cpu
	for _, worker := range workers {
		of, err := usageOf(worker.PID())
		if err != nil {
			return used, err
		}
		used.workers += of.cpu
	}
	return used, nil
}

// killOne kills one of two workers and one of two APIs while payments are made, and waits until every payment
// that was confirmed has arrived at the merchant. Then doctor examines the database.
func (r *rig) killOne(ctx context.Context, binary string, f *fleetResults, progress func(string, ...any)) error {
	// One of its own: doctor would miss the payments of which startOver leaves the books alone.
	g, err := r.startGateway(ctx, killedGateway, "killed", binary)
	if err != nil {
		return err
	}
	g.environment = append(g.environment, "RIVER_JOB_TIMEOUT=5s", "WEBHOOK_TIMEOUT=2s", "RIVER_RESCUE_AFTER=6s")
	doomedTarget, doomedAPI, err := g.startAPI(ctx)
	if err != nil {
		return err
	}
	workers := make([]*process.Process, 2)
	for i := range workers {
		if workers[i], _, _, err = g.start(ctx, "worker"); err != nil {
			return err
		}
	}
	var all sync.WaitGroup
	var steady *load.Result
	var steadyErr error
	all.Go(func() {
		steady, steadyErr = load.Run(ctx, load.Options{Target: g.target, Connections: 16, Duration: r.phase, Accepted: r.sink.accept})
	})
	all.Go(func() {
		// Its connections break with it, and that is no error here.
		_, _ = load.Run(ctx, load.Options{Target: doomedTarget, Connections: 16, Duration: r.phase, Accepted: r.sink.accept})
	})
	timer := time.NewTimer(r.phase / 2)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, doomed := range []*process.Process{workers[0], doomedAPI} {
		if err := doomed.Signal(syscall.SIGKILL); err != nil {
			return fmt.Errorf("error killing a process: %w", err)
		}
	}
	all.Wait()
	if steadyErr != nil {
		return steadyErr
	}
	if steady.Err != nil {
		return fmt.Errorf("the other API failed, too: %w", steady.Err)
	}
	last := time.Now()
	if err := r.sink.drained(ctx); err != nil {
		return err
	}
	f.recovered = time.Since(last)
	latencies, err := r.sink.reset()
	if err != nil {
		return err
	}
	f.accepted = len(latencies)
	progress("killed a worker and an API: %d payments confirmed, all arrived %.1f s after the last\n", f.accepted, f.recovered.Seconds())
	if err := workers[1].Stop(ctx, stopGrace, syscall.SIGTERM); err != nil {
		return fmt.Errorf("error stopping a worker: %w", err)
	}
	return g.examine(ctx)
}

// examine lets doctor look for what is not right, once nothing that an API's death cut off is open.
func (g *gateway) examine(ctx context.Context) error {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := await(ctx, func(ctx context.Context) error {
		var open int
		err := pool.QueryRow(ctx, "SELECT count(*) FROM payments WHERE status NOT IN ('success', 'failed')").Scan(&open)
		if err == nil && open > 0 {
			err = fmt.Errorf("%d payments are open", open)
		}
		return err
	}); err != nil {
		return fmt.Errorf("error waiting for the last payments: %w", err)
	}
	command := exec.CommandContext(ctx, g.binary, "doctor", "--settled=0s")
	command.Env = g.environment
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("doctor found something: %w\n%s", err, out)
	}
	return nil
}

// describe writes the figures of fleets, as they stand in docs/performance.md.
func (f *fleetResults) describe() string {
	var b strings.Builder
	row := func(what string, rates fleetRates, counts []int, each map[int]workCost) {
		for _, n := range counts {
			fmt.Fprintf(&b, "| %d %s | %.0f | %.2f | %.2f |", n, what, rates.best(n), rates.best(n)/rates.best(counts[0]), rates.beside(n, counts[0]))
			if cost, ok := each[n]; ok {
				fmt.Fprintf(&b, " %.2f + %.2f ms |\n", ms(cost.workers), ms(cost.postgres))
			} else {
				b.WriteString(" – |\n")
			}
		}
	}
	b.WriteString("| processes | payments/s, best round | to one | side by side | processor time for each, workers + Postgres |\n|---|---|---|---|---|\n")
	for _, connections := range apiConnections {
		if rates, ok := f.apis[connections]; ok {
			row(fmt.Sprintf("API by %d connections", connections), rates, apiCounts, nil)
		}
	}
	row("worker", f.workers, workerCounts, f.workerCost)
	if f.accepted == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\nOne of two workers and one of two APIs killed with -9 in the middle: %d payments confirmed, %d arrived, the last %.1f s after the load ended; doctor finds nothing.\n",
		f.accepted, f.accepted, f.recovered.Seconds())
	return b.String()
}
