// Package db is the bottom of the house: the pool of connections, the migrations,
// and the SQL that sqlc compiles into dbsqlc. It knows tables, not money.
package db

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
	"go.opentelemetry.io/otel/trace"
)

// PoolOptions bounds what one process takes of Postgres. Zero values mean the defaults.
type PoolOptions struct {
	// ApplicationName shows in pg_stat_activity; default "paygate".
	ApplicationName string
	// MaxConns defaults to what the URL says (pool_max_conns), or 20.
	MaxConns int32
	// StatementTimeout ends a statement that runs away; default 15 s.
	StatementTimeout time.Duration
	// LockTimeout ends a wait for another transaction; default 5 s.
	LockTimeout time.Duration
	// Unproven opens without a ping: for a server that may be away.
	Unproven bool
	// PgBouncer says that the URL leads to a PgBouncer in transaction mode, where a session belongs to nobody:
	// it refuses settings of a session, so these are for whoever configures it (docs/operations.md), and it may
	// not know a statement that was prepared before.
	PgBouncer bool
	// Tracing makes a span of each statement whose context has one that is recorded; nil makes none.
	Tracing trace.TracerProvider
}

// connectTimeout bounds the opening of a connection where the URL does not (connect_timeout).
const connectTimeout = 5 * time.Second

// Open connects to url and proves it with a ping.
// The error never contains the password: pgx redacts it.
func Open(ctx context.Context, url string, opts PoolOptions) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("error parsing the database URL: %w", err)
	}
	if !strings.Contains(url, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = orDefault(opts.ApplicationName, "paygate")
	params["timezone"] = "UTC"
	if opts.PgBouncer {
		if !strings.Contains(url, "default_query_exec_mode") {
			config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		}
	} else {
		setSession(params, opts)
	}

	switch {
	case opts.MaxConns > 0:
		config.MaxConns = opts.MaxConns
	case !strings.Contains(url, "pool_max_conns"):
		// pgx's default is the number of cores, four at least: River's listener and
		// elector alone would take half of that.
		config.MaxConns = max(config.MaxConns, 20)
	}
	config.AfterConnect = registerTypes
	if opts.Tracing != nil {
		config.ConnConfig.Tracer = newTracer(opts.Tracing)
	}
	left := leaveStandby(config.ConnConfig)

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("error opening the database: %w", err)
	}
	left.Store(pool)
	if opts.Unproven {
		return pool, nil
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("error reaching the database: %w", err)
	}
	return pool, nil
}

// leaveInterval is how often a pool may be left for a new one. A server that takes no writes at all, for its disk is
// full say, must not be kept busy with connections.
const leaveInterval = time.Second

// leaveStandby makes a connection end at which a write is refused because its server has become a standby, and
// with it all others of the pool, which lead there too: kept, they would refuse for as long as an hour after another
// server has taken over. InTx then begins again, on a new one. What it returns is to be given the pool.
func leaveStandby(config *pgx.ConnConfig) *atomic.Pointer[pgxpool.Pool] {
	var given atomic.Pointer[pgxpool.Pool]
	var next atomic.Int64 // when it may be left again, in nanoseconds since start
	start := time.Now()
	keeps := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		pool, now, due := given.Load(), time.Since(start), next.Load()
		if err.Code != pgerrcode.ReadOnlySQLTransaction || pool == nil || int64(now) < due || !next.CompareAndSwap(due, int64(now+leaveInterval)) {
			return keeps(conn, err)
		}
		pool.Reset()
		return false
	}
	return &given
}

// setSession is what each of our sessions asks of Postgres.
func setSession(params map[string]string, opts PoolOptions) {
	params["statement_timeout"] = milliseconds(orDefault(opts.StatementTimeout, 15*time.Second))
	params["lock_timeout"] = milliseconds(orDefault(opts.LockTimeout, 5*time.Second))
	// Each of our statements has an index to go by (explain_test.go). A plan is made once for a connection and
	// kept: one that was made while a table was empty would read the table from end to end for as long as
	// nobody has analysed it, a thousand times more with each minute of a new installation's first rush.
	params["enable_seqscan"] = "off"
	// Compiling takes longer than any of our statements, and the cost that the line above puts on
	// what has to be read whole would ask for it.
	params["jit"] = "off"
	// A transaction that its owner forgot would hold back vacuum for everybody.
	params["idle_in_transaction_session_timeout"] = milliseconds(time.Minute)
}

// registerTypes makes timestamptz come back in UTC, where pgx's default is the machine's zone, and lets uuids
// travel as their sixteen bytes, where pgx would ask them for their text and parse that.
func registerTypes(_ context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	types.RegisterType(&pgtype.Type{
		Name:  "_timestamptz",
		OID:   pgtype.TimestamptzArrayOID,
		Codec: &pgtype.ArrayCodec{ElementType: must(types.TypeForOID(pgtype.TimestamptzOID))},
	})
	return nil
}

func must(t *pgtype.Type, ok bool) *pgtype.Type {
	if !ok {
		panic("pgx does not know timestamptz")
	}
	return t
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d", d.Milliseconds()) }

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
