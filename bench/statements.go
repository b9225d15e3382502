package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"paygate/db"
)

// statement is a line of pg_stat_statements.
type statement struct {
	Calls     int64
	MS        float64
	Rows      int64
	Blocks    int64 // read, mostly from memory: it does not depend on what else the machine does
	QueryText string
}

// shownStatements is how many are listed.
const shownStatements = 25

// forgetStatements begins the count anew.
func (g *gateway) forgetStatements(ctx context.Context) error {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()", pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("error forgetting statements: %w", err)
	}
	return nil
}

// printStatements lists what took most of Postgres' time in a gateway's database since then, or so far.
func (g *gateway) printStatements(ctx context.Context, progress func(string, ...any)) error {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return fmt.Errorf("error reading statements: %w", err)
	}
	rows, err := pool.Query(ctx, `SELECT calls, total_exec_time + total_plan_time, rows, shared_blks_hit + shared_blks_read, query FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 2 DESC LIMIT $1`, shownStatements)
	if err != nil {
		return fmt.Errorf("error reading statements: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[statement])
	if err != nil {
		return fmt.Errorf("error reading statements: %w", err)
	}
	for _, s := range all {
		text := strings.Join(strings.Fields(s.QueryText), " ")
		progress("%9.1f ms %7d calls %8.3f ms each %8d rows %7.0f blocks each  %s\n", s.MS, s.Calls, s.MS/float64(s.Calls), s.Rows, float64(s.Blocks)/float64(s.Calls), text[:min(len(text), 110)])
	}
	return nil
}
