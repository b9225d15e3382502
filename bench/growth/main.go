// Command growth measures what the dashboard's pages cost when there is much to choose from: it fills a Postgres of
// its own with payments and what belongs to them, starts `paygate dev` on it, and asks for every list and figure
// over HTTP as a page does.
//
//	go run ./bench/growth -gateway bin/paygate -folder /var/tmp/growth [-payments 10000000] [-do fill,measure,intake]
//
// With intake, payments are made there and in an empty database of the same server, in turns.
// Filling takes a minute and 4 GB for each million payments; the folder keeps it for the next run.
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
	"slices"
	"strings"
	"syscall"
	"time"

	"paygate/db"
	"paygate/db/local"
)

type options struct {
	gateway, folder string
	payments        int
	do              string
	rounds          int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	flags.StringVar(&o.gateway, "gateway", "bin/paygate", "the `binary` to measure")
	flags.StringVar(&o.folder, "folder", "", "a `folder` that keeps the database")
	flags.IntVar(&o.payments, "payments", 10_000_000, "how many payments; three events and one delivery for each")
	flags.StringVar(&o.do, "do", "fill,measure,intake", "what to do")
	flags.IntVar(&o.rounds, "rounds", 200, "how often each question is asked")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.folder == "" {
		return errors.New("-folder is missing: say where the database is to be kept")
	}
	for part := range strings.SplitSeq(o.do, ",") {
		if !slices.Contains([]string{"fill", "measure", "intake"}, part) {
			return fmt.Errorf("-do takes fill, measure and intake, with commas between, and not %q", part)
		}
	}
	if o.payments < 1000 || o.rounds < 1 {
		return errors.New("there have to be 1000 payments and one round at least")
	}
	if o.gateway, err = filepath.Abs(o.gateway); err != nil {
		return fmt.Errorf("error finding the binary: %w", err)
	}
	if err := os.MkdirAll(o.folder, 0o711); err != nil { //nolint:gosec // a server with an account of its own has to reach its folder
		return fmt.Errorf("error making the folder: %w", err)
	}
	if strings.Contains(o.do, "fill") {
		if err := o.withPostgres(ctx, loading, func(url string) error { return fill(ctx, url, o.payments, out) }); err != nil {
			return err
		}
	}
	if strings.Contains(o.do, "measure") {
		if err := o.withPostgres(ctx, nil, func(url string) error { return o.measure(ctx, url, out) }); err != nil {
			return err
		}
	}
	if !strings.Contains(o.do, "intake") {
		return nil
	}
	return o.withPostgres(ctx, nil, func(url string) error { return o.compareIntake(ctx, url, out) })
}

// loading is what a server may do without that can be filled again.
var loading = map[string]string{
	"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
	"max_wal_size": "4GB", "autovacuum": "off", "maintenance_work_mem": "1GB", "checkpoint_timeout": "30min",
}

// withPostgres runs do with a server on the folder's data.
func (o options) withPostgres(ctx context.Context, settings map[string]string, do func(url string) error) (err error) {
	server, err := local.StartPostgres(ctx, local.PostgresOptions{Dir: filepath.Join(o.folder, "postgres"), Settings: settings})
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		err = errors.Join(err, server.Stop(stopping))
	}()
	pool, err := db.Open(ctx, server.URL(), db.PoolOptions{MaxConns: 2, StatementTimeout: time.Hour})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := db.Migrate(ctx, pool); err != nil {
		return err
	}
	return do(server.URL())
}
