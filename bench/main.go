// Command bench measures a build of Paygate against what Postgres itself can do, on the same machine and
// in the same minutes.
//
// It starts a Postgres and a Redis of its own with their default durability, and touches no other. One
// run takes turns: pgbench with one transaction for each payment, over the same schema and rows (the
// floor); then our intake over HTTP with authentication, limit, idempotency and validation. Rates of
// different runs, or machines, say little; the ratios within one run are what counts.
//
//	go run ./bench -gateway bin/paygate [-against other/paygate] [-phase 5s] [-rounds 3] [-write bench/RESULTS.md]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"paygate/bench/load"
)

// limit bounds a run, whatever the flags ask for.
const limit = 10 * time.Minute

type options struct {
	gateway, against, write string
	cost                    string
	phase                   time.Duration
	rounds                  int
	parts                   string
	profiles                string
	folder                  string
	connections             string
	statements              bool
	concurrencies           []int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.gateway, "gateway", "bin/paygate", "the `binary` to measure")
	flags.StringVar(&o.against, "against", "", "another `binary` to measure in the same run")
	flags.StringVar(&o.write, "write", "", "a Markdown `file` to put the results into")
	flags.DurationVar(&o.phase, "phase", 5*time.Second, "length of one measurement")
	flags.IntVar(&o.rounds, "rounds", 3, "how often everything is measured")
	flags.StringVar(&o.parts, "parts", "intake,whole,pickup", "what to measure; processes is 1, 2 and 4 workers, and 1 and 2 APIs; workers is the former alone; overload, after intake, is three times its peak; cost is what a payment takes, and nothing else then")
	flags.StringVar(&o.cost, "cost", "bench/capacity/cost.json", "the `file` that the part cost puts its figures into")
	flags.StringVar(&o.profiles, "profiles", "", "a `folder` for profiles of the processor time of each role")
	flags.StringVar(&o.folder, "folder", "", "a `folder` for the servers' data; the disk in use is part of what is measured")
	flags.BoolVar(&o.statements, "statements", false, "list the statements that took Postgres most")
	flags.StringVar(&o.connections, "connections", "1,16,64,256", "how many connections ask at once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.phase < time.Second || o.rounds < 1 {
		return errors.New("a measurement takes a second at least, and one round")
	}
	for text := range strings.SplitSeq(o.connections, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 300 {
			return fmt.Errorf("%q is not a number of connections from 1 to 300", text)
		}
		o.concurrencies = append(o.concurrencies, n)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	rig, err := startRig(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, rig.stop(stopping))
	}()
	measured, err := o.measure(ctx, rig, out)
	if err != nil {
		return err
	}
	report := measured.report(o)
	if _, err := io.WriteString(out, report); err != nil {
		return fmt.Errorf("error printing the results: %w", err)
	}
	if o.write == "" {
		return nil
	}
	return errors.Join(writeReport(o.write, report), measured.writeChart(filepath.Join(filepath.Dir(o.write), "results.svg")))
}

func (o options) measure(ctx context.Context, rig *rig, out io.Writer) (*results, error) {
	progress := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	binaries := []string{o.gateway}
	if o.against != "" {
		binaries = append(binaries, o.against)
	}
	measured := &results{concurrencies: o.concurrencies, rounds: o.rounds, floors: map[int][]floor{}}
	var gateways []*gateway
	for i, binary := range binaries {
		path, err := filepath.Abs(binary)
		if err != nil {
			return nil, fmt.Errorf("error finding %s: %w", binary, err)
		}
		name := "paygate"
		if i > 0 {
			name = "against"
		}
		g, err := rig.startGateway(ctx, i+1, name, path)
		if err != nil {
			return nil, err
		}
		gateways = append(gateways, g)
		measured.gateways = append(measured.gateways, &gatewayResults{name: name, intake: map[int]*load.Result{}, cost: map[int]cost{}})
	}
	if o.has("cost") {
		return measured, o.measureCost(ctx, rig, gateways[0], progress)
	}
	if o.has("processes") || o.has("workers") {
		var err error
		if measured.fleet, err = rig.measureProcesses(ctx, gateways[0], o.rounds, !o.has("processes"), progress); err != nil {
			return nil, err
		}
	}
	if o.has("intake") {
		if err := o.measureIntake(ctx, rig, gateways, measured, progress); err != nil {
			return nil, err
		}
	}
	if o.has("whole") || o.has("pickup") {
		return measured, o.measureWhole(ctx, rig, gateways, measured, progress)
	}
	return measured, nil
}

func (o options) measureIntake(ctx context.Context, rig *rig, gateways []*gateway, measured *results, progress func(string, ...any)) error {
	stop := o.profile(ctx, gateways[0].apiAdmin, "api-intake", time.Duration(o.rounds*len(o.concurrencies))*o.phase)
	if err := rig.measureIntake(ctx, gateways, measured, progress); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	for i, g := range gateways {
		if err := rig.measureOpen(ctx, g, measured.gateways[i]); err != nil {
			return err
		}
		progress("%s at %.0f/s: p50 %.2f p99 %.2f ms\n", g.name, measured.gateways[i].openRate,
			ms(measured.gateways[i].open.Percentile(.5)), ms(measured.gateways[i].open.Percentile(.99)))
		if !o.has("overload") {
			continue
		}
		if err := rig.measureOverload(ctx, g, measured.gateways[i]); err != nil {
			return err
		}
		progress("%s at %d times the peak: %.0f/s accepted, answers %v\n", g.name, overloadTimes, measured.gateways[i].overload.Rate(), measured.gateways[i].overload.Statuses)
	}
	return nil
}

// measureWhole works with one gateway at a time: workers look for jobs even when there are none.
func (o options) measureWhole(ctx context.Context, rig *rig, gateways []*gateway, measured *results, progress func(string, ...any)) error {
	for i, g := range gateways {
		if err := g.startOver(ctx); err != nil {
			return err
		}
		if err := g.startWorker(ctx); err != nil {
			return err
		}
		into := measured.gateways[i]
		stop := o.profile(ctx, g.workerAdmin, g.name+"-worker", time.Duration(o.rounds)*o.phase)
		for range o.rounds {
			f, err := rig.measureFloor(ctx, 64)
			if err != nil {
				return err
			}
			measured.floors[64] = append(measured.floors[64], f)
			if err := rig.measureWhole(ctx, g, into); err != nil {
				return err
			}
			progress("%s whole: %.0f/s (pgbench %.0f/s)\n", g.name, into.wholeRate[len(into.wholeRate)-1], f.rate)
		}
		if err := stop(); err != nil {
			return err
		}
		if err := rig.measureWholeOpen(ctx, g, into); err != nil {
			return err
		}
		if err := rig.measurePickup(ctx, g, into); err != nil {
			return err
		}
		if o.statements {
			if err := g.printStatements(ctx, progress); err != nil {
				return err
			}
		}
		if err := g.worker.Stop(ctx, stopGrace, syscall.SIGTERM); err != nil {
			return fmt.Errorf("error stopping the worker: %w", err)
		}
	}
	return nil
}
