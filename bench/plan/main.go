// Command plan tells what rates of payments need: how many primaries, cores, WAL, network and disk, from what one payment
// was measured to cost. docs/scaling.md explains the flags' defaults.
//
//	go run ./bench/plan -rates 1000,10000,100000
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"paygate/bench/capacity"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "plan:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	cost, err := capacity.Measured()
	if err != nil {
		return err
	}
	var machine capacity.Machine
	var rates string
	var show bool
	var walMB, diskTB, networkGbit float64
	flags := flag.NewFlagSet("plan", flag.ContinueOnError)
	flags.BoolVar(&show, "cost", false, "show what one payment costs, and nothing else")
	flags.StringVar(&rates, "rates", "1000,10000,100000", "payments a second at the peak, separated by commas")
	flags.Float64Var(&machine.Cores, "cores", 64, "cores of a primary")
	flags.Float64Var(&walMB, "wal", 400, "MB of WAL a second that a primary's disk and standby keep up with")
	flags.Float64Var(&diskTB, "disk", 60, "TB that a primary holds")
	flags.Float64Var(&networkGbit, "network", 25, "Gbit/s of a primary's network")
	flags.Float64Var(&machine.Use, "use", 0.5, "share of these that may be used in a usual hour")
	flags.Float64Var(&machine.Days, "days", 30, "days that rows stay on the primary")
	flags.Float64Var(&machine.Peak, "peak", 4, "how many times the mean of a day its peak is")
	flags.Float64Var(&cost.Postgres, "postgres-ms", cost.Postgres, "Postgres' processor time of a payment, ms")
	flags.Float64Var(&cost.WALBytes, "wal-bytes", cost.WALBytes, "WAL of a payment")
	flags.Float64Var(&cost.DiskBytes, "disk-bytes", cost.DiskBytes, "disk of a payment")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if show {
		return printCost(out, cost)
	}
	machine.WALRate, machine.Disk, machine.NetworkRate = walMB*1e6, diskTB*1e12, networkGbit*1e9/8

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "payments/s\tprimaries\tAPI cores\tworker cores\tPostgres cores\tWAL MB/s\tnetwork Gbit/s\tdisk TB\t")
	var last capacity.Plan
	for text := range strings.SplitSeq(rates, ",") {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil || rate <= 0 {
			return fmt.Errorf("%q is not a rate of payments", text)
		}
		last = capacity.For(rate, cost, machine)
		fmt.Fprintf(table, "%.0f\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.1f\t\n",
			rate, last.Cells, last.API, last.Worker, last.Postgres, last.WAL/1e6, last.Network*8/1e9, last.Disk/1e12)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("error printing the plan: %w", err)
	}
	_, err = fmt.Fprintf(out, "One primary takes %.0f payments/s; its %s decides.\n", last.Largest, last.Limit)
	if err != nil {
		return fmt.Errorf("error printing the plan: %w", err)
	}
	return nil
}

func printCost(out io.Writer, cost capacity.Cost) error {
	_, err := fmt.Fprintf(out, `%s
%d payments, each:
  processor  %.2f ms API, %.2f ms worker, %.2f ms Postgres, %.3f ms Redis
  WAL        %.1f KB
  disk       %.1f KB
  rows       %.1f inserted, %.1f updated, %.1f deleted, in %.2f commits
  network    %.1f KB API, %.1f KB worker
`, cost.Measured, cost.Payments, cost.API, cost.Worker, cost.Postgres, cost.Redis, cost.WALBytes/1e3, cost.DiskBytes/1e3,
		cost.RowsInserted, cost.RowsUpdated, cost.RowsDeleted, cost.Commits, cost.APIBytes/1e3, cost.WorkerBytes/1e3)
	if err != nil {
		return fmt.Errorf("error printing the cost: %w", err)
	}
	return nil
}
