package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
)

// replicaPatience bounds one query on a replica, its rows included, so that one that hangs costs a page no
// more than this before the primary answers.
const replicaPatience = 3 * time.Second

// ReaderOptions says where reads go. Primary is required.
type ReaderOptions struct {
	Primary *pgxpool.Pool
	// Replica follows Primary by streaming replication; nil sends all reads to Primary. It may be away.
	Replica *pgxpool.Pool
	// MaxLag bounds how old what is read may be; required with a Replica.
	MaxLag time.Duration
	Logger *slog.Logger
}

// Reader answers queries that may be a little old from a replica, as long as that is known to be younger
// than a bound, and from the primary otherwise. What the replica fails to answer the primary does.
//
// How old the replica is is not asked of any clock but ours: the reader notes where the primary's log ends,
// and when, and looks how far the replica has got. What it has replayed is as new as the last such time that
// it has passed. So an idle primary does not make a replica look old, one that lost its connection does not
// look new, and clocks of servers may differ.
type Reader struct {
	opts ReaderOptions
	// asOf is the time that the replica is known to have reached, in nanoseconds since start.
	asOf  atomic.Int64
	start time.Time
	inUse bool // of Run alone: what the log last said
}

// NewReader returns a Reader. Until Run has looked, reads go to the primary.
func NewReader(opts ReaderOptions) *Reader {
	r := &Reader{opts: opts, start: time.Now()}
	r.asOf.Store(never)
	return r
}

// never is a time before any bound.
const never = int64(-1 << 62)

// mark is where the primary's log ended at a time.
type mark struct {
	at       int64 // nanoseconds since start
	position int64
	timeline string
}

// Run looks how far the replica is, until ctx ends. Without a replica it returns at once.
func (r *Reader) Run(ctx context.Context) {
	if r.opts.Replica == nil {
		return
	}
	interval := r.opts.MaxLag / 4
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var marks []mark
	for {
		var err error
		marks, err = r.measure(ctx, marks)
		if ctx.Err() != nil {
			return
		}
		r.tell(ctx, err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// maxMarks bounds what is remembered of a replica that does not move; older ones are past any bound.
const maxMarks = 16

// measure notes where the primary is, and which of the notes the replica has passed.
func (r *Reader) measure(ctx context.Context, marks []mark) ([]mark, error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.opts.MaxLag, time.Second))
	defer cancel()
	queries := dbsqlc.New()
	at := time.Since(r.start).Nanoseconds() // before asking: everything confirmed by now is before the position
	primary, err := queries.PrimaryPosition(ctx, r.opts.Primary)
	if err != nil {
		return marks, fmt.Errorf("error asking the primary for its position: %w", err)
	}
	marks = append(marks, mark{at, primary.Position, primary.Timeline})
	marks = marks[max(0, len(marks)-maxMarks):]
	replica, err := queries.ReplicaPosition(ctx, r.opts.Replica)
	if err != nil {
		return marks, fmt.Errorf("error asking the replica for its position: %w", err)
	}
	if !replica.Follows {
		return marks, errors.New("what DATABASE_REPLICA_URL names follows no primary")
	}
	passed := 0
	for i, m := range marks {
		if m.timeline == replica.Timeline && m.position <= replica.Position {
			passed = i + 1
			r.asOf.Store(m.at)
		}
	}
	return slices.Delete(marks, 0, passed), nil
}

// tell logs when the replica comes into use, and when it goes out of it.
func (r *Reader) tell(ctx context.Context, err error) {
	fresh := r.fresh()
	switch {
	case fresh && !r.inUse:
		r.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "reads go to the replica")
	case !fresh && r.inUse:
		r.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the replica is away or behind: reads go to the primary", slog.Duration("max_lag", r.opts.MaxLag), slog.Any("error", err))
	}
	r.inUse = fresh
}

// fresh tells whether the replica may be read from.
func (r *Reader) fresh() bool {
	return r.opts.Replica != nil && time.Since(r.start).Nanoseconds()-r.asOf.Load() <= r.opts.MaxLag.Nanoseconds()
}

// pinned is the key of a context's server.
type pinned struct{}

// Pin decides for all queries of a context where they go, so that they go together: sums that were read on one
// server do not fit rows of another. latest wants the primary, as one does who has just written.
func (r *Reader) Pin(ctx context.Context, latest bool) context.Context {
	return context.WithValue(ctx, pinned{}, !latest && r.fresh())
}

func (r *Reader) usesReplica(ctx context.Context) bool {
	if replica, decided := ctx.Value(pinned{}).(bool); decided {
		return replica && r.asOf.Load() != never
	}
	return r.fresh()
}

// avoid sends reads to the primary until Run has seen the replica well again.
func (r *Reader) avoid(ctx context.Context) {
	if ctx.Err() == nil { // else it was the caller who gave up
		r.asOf.Store(never)
	}
}

// MaxLag is how old what is read may be; 0 without a replica.
func (r *Reader) MaxLag() time.Duration {
	if r.opts.Replica == nil {
		return 0
	}
	return r.opts.MaxLag
}

// Exec implements dbsqlc.DBTX, on the primary: what is executed may write.
func (r *Reader) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return r.opts.Primary.Exec(ctx, sql, args...)
}

// Query implements dbsqlc.DBTX.
func (r *Reader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !r.usesReplica(ctx) {
		return r.opts.Primary.Query(ctx, sql, args...)
	}
	onPrimary := func() (pgx.Rows, error) {
		r.avoid(ctx)
		return r.opts.Primary.Query(ctx, sql, args...)
	}
	bounded, cancel := context.WithTimeout(ctx, replicaPatience)
	rows, err := r.opts.Replica.Query(bounded, sql, args...)
	if err != nil {
		cancel()
		return onPrimary()
	}
	return &replicaRows{Rows: rows, cancel: cancel, onPrimary: onPrimary}, nil
}

// QueryRow implements dbsqlc.DBTX.
func (r *Reader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if !r.usesReplica(ctx) {
		return r.opts.Primary.QueryRow(ctx, sql, args...)
	}
	return replicaRow{func(dest ...any) error {
		bounded, cancel := context.WithTimeout(ctx, replicaPatience)
		defer cancel()
		err := r.opts.Replica.QueryRow(bounded, sql, args...).Scan(dest...)
		if err == nil || errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		r.avoid(ctx)
		return r.opts.Primary.QueryRow(ctx, sql, args...).Scan(dest...)
	}}
}

type replicaRow struct{ scan func(dest ...any) error }

// Scan implements pgx.Row.
func (r replicaRow) Scan(dest ...any) error { return r.scan(dest...) }

// replicaRows are a replica's, or the primary's when the replica fails before the first.
type replicaRows struct {
	pgx.Rows

	cancel    context.CancelFunc
	onPrimary func() (pgx.Rows, error) // nil once rows have come
	err       error
}

// Next implements pgx.Rows.
func (r *replicaRows) Next() bool {
	if r.Rows.Next() {
		r.onPrimary = nil
		return true
	}
	if r.onPrimary == nil || r.Rows.Err() == nil {
		return false
	}
	rows, err := r.onPrimary()
	r.onPrimary = nil
	if err != nil {
		r.err = err
		return false
	}
	r.cancel()
	r.Rows = rows
	return r.Rows.Next()
}

// Err implements pgx.Rows.
func (r *replicaRows) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.Rows.Err()
}

// Close implements pgx.Rows.
func (r *replicaRows) Close() {
	r.Rows.Close()
	r.cancel()
}
