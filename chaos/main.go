// Command chaos runs Paygate as it is run in production, breaks it for a while, and then holds it to every
// promise that it made meanwhile.
//
// Two API processes and two workers of the real binary run on a Postgres and a Redis of their own, with a proxy in
// every line between them. A client keeps making payments, captures and refunds and notes what it was
// promised; a sink takes the webhooks. A schedule of faults, drawn from a seed, is printed and carried out. Then
// everything is left alone until nothing moves, and the books are compared: the client's, the gateway's, the
// acquirer's and the sink's. A run fails when one promise was broken.
//
// With -stores replicated, Postgres is two under Patroni behind HAProxy, and Redis two under Sentinels.
//
//	go run ./chaos [-duration 10m] [-seed N] [-rate 40] [-faults api-kill9,redis-flush] [-write table.md]
//
// The same seed and flags give the same schedule.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

type options struct {
	gateway  string
	folder   string
	write    string
	duration time.Duration
	pause    time.Duration
	rescue   time.Duration
	quiet    time.Duration
	seed     uint64
	rate     float64
	faults   string
	clock    bool
	upgrades int
	mutation string
	stores   string
}

// The ways to run the stores.
const (
	storesSingle     = "single"
	storesReplicated = "replicated"
)

func (o options) replicated() bool { return o.stores == storesReplicated }

func main() {
	logging.Disable() // else Redis clients print each connection that is refused on purpose
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.mutation != "" {
		return runMutants(ctx, o, out)
	}
	results, err := runOnce(ctx, o, out)
	if err != nil {
		return err
	}
	if broken := results.broken(); broken > 0 {
		return fmt.Errorf("%d promises were broken; repeat the run with -seed %d", broken, o.seed)
	}
	return nil
}

// runOnce carries out one schedule and prints what it has shown.
func runOnce(ctx context.Context, o options, out io.Writer) (results *findings, err error) {
	log := &journal{out: out, began: time.Now()}
	r, err := startRig(ctx, o, log)
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, r.stop(stopping))
	}()
	if err != nil {
		return nil, err
	}
	plan, err := r.plan(o)
	if err != nil {
		return nil, err
	}
	log.say("seed %d, %s, %.0f payments a second, %d faults:", o.seed, o.duration, o.rate, len(plan))
	for _, f := range plan {
		log.say("  %s", f)
	}
	results = r.carryOut(ctx, o, plan)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("error running to the end: %w", ctx.Err())
	}
	report := results.report(o)
	if _, err := io.WriteString(out, report); err != nil {
		return nil, fmt.Errorf("error printing the results: %w", err)
	}
	if o.write != "" {
		if err := os.WriteFile(o.write, []byte(report), 0o600); err != nil {
			return nil, fmt.Errorf("error writing the results: %w", err)
		}
	}
	return results, nil
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&o.gateway, "gateway", "bin/paygate", "the `binary` to run")
	flags.StringVar(&o.folder, "folder", "", "a `folder` for data and logs, which stay; a temporary one without it")
	flags.StringVar(&o.write, "write", "", "a Markdown `file` for the results")
	flags.DurationVar(&o.duration, "duration", 10*time.Minute, "how long faults are made")
	flags.DurationVar(&o.pause, "pause", 12*time.Second, "about how long after one fault the next begins")
	flags.DurationVar(&o.rescue, "rescue-after", 20*time.Second, "RIVER_RESCUE_AFTER of the workers")
	flags.Uint64Var(&o.seed, "seed", 0, "what the schedule and the traffic are drawn from; 0 picks one")
	flags.Float64Var(&o.rate, "rate", 40, "payments a second")
	flags.StringVar(&o.faults, "faults", "", "the kinds of faults to make, by name; all without it")
	flags.BoolVar(&o.clock, "clock", true, "run half of the processes with a clock that can be set, which needs a build of Go's own packages")
	flags.IntVar(&o.upgrades, "upgrades", 2, "how many newer releases there are to upgrade to")
	flags.DurationVar(&o.quiet, "quiet", 5*time.Minute, "how long everything may take to come to rest after the last payment")
	flags.StringVar(&o.mutation, "mutation", "", "the `name` of a defect, or all, to build into the gateway; the run fails when it is not found")
	flags.StringVar(&o.stores, "stores", storesSingle, "single, or replicated: Postgres under Patroni and Redis under Sentinels, which fail over")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.seed == 0 {
		o.seed = uint64(rand.Uint32()) //nolint:gosec // a seed is no secret
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.duration < 10*time.Second || o.pause < time.Second || o.rescue < 12*time.Second:
		return o, errors.New("a run takes 10 s at least, a pause 1 s, and jobs are rescued after 12 s at the earliest")
	case o.stores != storesSingle && o.stores != storesReplicated:
		return o, fmt.Errorf("the stores are %s or %s, not %q", storesSingle, storesReplicated, o.stores)
	case o.rate <= 0 || o.rate > 1000:
		return o, errors.New("the rate is more than 0 and at most 1000")
	}
	for _, name := range o.kinds() {
		if kindNamed(name) == nil {
			return o, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(kindNames(), ", "))
		}
	}
	return o, nil
}

// kinds is the faults that were asked for by name.
func (o options) kinds() []string {
	if o.faults == "" {
		return nil
	}
	return strings.Split(o.faults, ",")
}
