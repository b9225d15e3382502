package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/bench/capacity"
	"paygate/db"
)

// footprint is what a gateway has written and sent so far.
type footprint struct {
	wal, size, commits         int64
	inserted, updated, deleted int64
	api, worker                int64 // bytes read and written
}

// footprint reads the books of Postgres and of the system. A session reports what it has done once it is idle, a second
// later at most, so the numbers are read until they stand still.
func (g *gateway) footprint(ctx context.Context, pool *pgxpool.Pool) (footprint, error) {
	var before footprint
	for {
		now, err := g.look(ctx, pool)
		if err != nil || now.inserted == before.inserted && now.updated == before.updated && now.deleted == before.deleted {
			return now, err
		}
		before = now
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-ctx.Done():
			return footprint{}, fmt.Errorf("error waiting for Postgres' books: %w", ctx.Err())
		}
	}
}

func (g *gateway) look(ctx context.Context, pool *pgxpool.Pool) (footprint, error) {
	var f footprint
	if err := pool.QueryRow(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, pg_database_size(current_database()),
			(SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
			sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint, sum(n_tup_del)::bigint FROM pg_stat_user_tables`).
		Scan(&f.wal, &f.size, &f.commits, &f.inserted, &f.updated, &f.deleted); err != nil {
		return f, fmt.Errorf("error reading Postgres' books: %w", err)
	}
	var err error
	if f.api, err = transferred(g.api.PID()); err != nil {
		return f, err
	}
	f.worker, err = transferred(g.worker.PID())
	return f, err
}

// transferred is how many bytes a process has read and written. That of a Go program is its network, and its few lines
// of log: it reads and writes sockets as files (proc(5), rchar and wchar).
func transferred(pid int) (int64, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "io"))
	if err != nil {
		return 0, fmt.Errorf("error reading what a process has transferred: %w", err)
	}
	var sum int64
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if name == "rchar" || name == "wchar" {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("error reading what a process has transferred: %w", err)
			}
			sum += n
		}
	}
	return sum, nil
}

// measureCost prints what a payment takes, and writes it down.
func (o options) measureCost(ctx context.Context, rig *rig, g *gateway, progress func(string, ...any)) error {
	if err := g.startWorker(ctx); err != nil {
		return err
	}
	cost, err := rig.measureCost(ctx, g, o.rounds)
	if err != nil {
		return err
	}
	if err := writeCost(o.cost, cost); err != nil {
		return err
	}
	progress("%d payments; each: CPU-ms API %.3f, worker %.3f, Postgres %.3f, Redis %.3f; WAL %.0f, disk %.0f bytes; rows +%.1f ~%.1f -%.1f in %.2f commits; network bytes API %.0f, worker %.0f\n",
		cost.Payments, cost.API, cost.Worker, cost.Postgres, cost.Redis, cost.WALBytes, cost.DiskBytes,
		cost.RowsInserted, cost.RowsUpdated, cost.RowsDeleted, cost.Commits, cost.APIBytes, cost.WorkerBytes)
	return nil
}

// measureCost is the whole way as often as rounds say, with everything counted that it takes. It begins with a round
// that is not counted, and a checkpoint, after which every page that is touched is written to the WAL whole once: a
// long run pays that less often than this one, so the WAL is an upper bound.
func (r *rig) measureCost(ctx context.Context, g *gateway, rounds int) (capacity.Cost, error) {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 2})
	if err != nil {
		return capacity.Cost{}, err
	}
	defer pool.Close()
	if err := r.measureWhole(ctx, g, &gatewayResults{}); err != nil {
		return capacity.Cost{}, err
	}
	if err := finished(ctx, pool); err != nil {
		return capacity.Cost{}, err
	}
	if _, err := pool.Exec(ctx, "CHECKPOINT"); err != nil {
		return capacity.Cost{}, fmt.Errorf("error making a checkpoint: %w", err)
	}
	before, err := g.footprint(ctx, pool)
	if err != nil {
		return capacity.Cost{}, err
	}
	var results gatewayResults
	for range rounds {
		if err := r.measureWhole(ctx, g, &results); err != nil {
			return capacity.Cost{}, err
		}
	}
	if err := finished(ctx, pool); err != nil {
		return capacity.Cost{}, err
	}
	after, err := g.footprint(ctx, pool)
	if err != nil {
		return capacity.Cost{}, err
	}
	n := float64(results.wholeCost.payments)
	each := func(after, before int64) float64 { return float64(after-before) / n }
	return capacity.Cost{
		Measured: fmt.Sprintf("%s, %d cores (%s), PostgreSQL of this machine, everything on it", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processorName()),
		Payments: results.wholeCost.payments,
		API:      results.wholeCost.perPayment("api"), Worker: results.wholeCost.perPayment("worker"),
		Postgres: results.wholeCost.perPayment("postgres"), Redis: results.wholeCost.perPayment("redis"),
		WALBytes: each(after.wal, before.wal), DiskBytes: each(after.size, before.size), Commits: each(after.commits, before.commits),
		RowsInserted: each(after.inserted, before.inserted), RowsUpdated: each(after.updated, before.updated), RowsDeleted: each(after.deleted, before.deleted),
		APIBytes: each(after.api, before.api), WorkerBytes: each(after.worker, before.worker),
	}, nil
}

// finished waits until no job is left that a payment caused.
func finished(ctx context.Context, pool *pgxpool.Pool) error {
	return await(ctx, func(ctx context.Context) error {
		var left int
		err := pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE kind IN ('process_payment', 'deliver_webhook') AND finalized_at IS NULL").Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d jobs are left: %w", left, pgx.ErrTooManyRows)
		}
		return err
	})
}

// writeCost puts a measurement where bench/plan reads it.
func writeCost(file string, cost capacity.Cost) error {
	text, err := json.Marshal(cost, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("error encoding the cost: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil { //nolint:gosec // for everybody to read
		return fmt.Errorf("error writing the cost: %w", err)
	}
	return nil
}
