package db_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
)

const readPatience = 30 * time.Second

// journal can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}

// replicated is a reader at a real replica, by a line that can be cut.
type replicated struct {
	*dbtest.Replicated
	reader *db.Reader
	line   *toxiproxy.Proxy
	log    *journal
}

func setupReplicated(t *testing.T, maxLag time.Duration) *replicated {
	t.Helper()
	r := &replicated{Replicated: dbtest.NewReplicated(t), log: &journal{}}
	_, err := r.Primary.Exec(t.Context(), "CREATE TABLE notes (n bigint PRIMARY KEY)")
	require.NoError(t, err)

	at, err := url.Parse(r.ReplicaURL)
	require.NoError(t, err)
	quiet := zerolog.Nop()
	r.line = toxiproxy.NewProxy(&toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil), Logger: &quiet}, t.Name(), "127.0.0.1:0", at.Host)
	require.NoError(t, r.line.Start())
	t.Cleanup(r.line.Stop)
	at.Host = r.line.Listen
	replica, err := db.Open(t.Context(), at.String(), db.PoolOptions{ApplicationName: "reads", MaxConns: 4, Unproven: true})
	require.NoError(t, err)
	t.Cleanup(replica.Close)

	r.reader = db.NewReader(db.ReaderOptions{Primary: r.Primary, Replica: replica, MaxLag: maxLag, Logger: slog.New(slog.NewTextHandler(r.log, nil))})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { r.reader.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return r
}

// place tells which server answers a query of rows and one of a row.
func (r *replicated) place(ctx context.Context, t *testing.T) string {
	t.Helper()
	const where = "SELECT CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE 'primary' END"
	var row string
	require.NoError(t, r.reader.QueryRow(ctx, where).Scan(&row))
	rows, err := r.reader.Query(ctx, where)
	require.NoError(t, err)
	many, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	if len(many) != 1 || many[0] != row {
		return "both" // it changed in between
	}
	return row
}

func (r *replicated) awaitPlace(t *testing.T, place string) {
	t.Helper()
	require.Eventually(t, func() bool { return r.place(t.Context(), t) == place }, readPatience, 5*time.Millisecond)
}

func (r *replicated) note(t *testing.T, n int) time.Time {
	t.Helper()
	_, err := r.Primary.Exec(t.Context(), "INSERT INTO notes VALUES ($1)", n)
	require.NoError(t, err)
	return time.Now()
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func TestReader_ReadsFromAReplicaThatIsYoungEnough(t *testing.T) {
	t.Parallel()
	r := setupReplicated(t, 2*time.Second)
	r.awaitPlace(t, "replica")
	require.NotZero(t, r.log.count("reads go to the replica"))

	t.Log("an idle primary does not make it look old")
	last := time.Now()
	require.Eventually(t, func() bool {
		return time.Since(last) > 3*time.Second && r.place(t.Context(), t) == "replica"
	}, readPatience, 5*time.Millisecond)

	t.Log("a request that has just written, and all of its queries, go to the primary")
	require.Equal(t, "primary", r.place(r.reader.Pin(t.Context(), true), t))
	require.Equal(t, "replica", r.place(r.reader.Pin(t.Context(), false), t))
	_, err := r.reader.Exec(t.Context(), "INSERT INTO notes VALUES (-1)")
	require.NoError(t, err, "what may write goes to the primary")
}

// TestReader_NeverShowsWhatIsOlderThanTheBound stops the replay and writes: whatever is read from then on is
// either what was written, or what was written less than the bound ago.
func TestReader_NeverShowsWhatIsOlderThanTheBound(t *testing.T) {
	t.Parallel()
	const bound = time.Second
	r := setupReplicated(t, bound)
	r.note(t, 0)
	r.awaitPlace(t, "replica")

	exec(t, r.Replica, "SELECT pg_wal_replay_pause()")
	written := []time.Time{time.Now()}
	fellBack := false
	for n := 1; !fellBack || n < 200; n++ {
		written = append(written, r.note(t, n))
		asked := time.Now()
		var seen int
		require.NoError(t, r.reader.QueryRow(t.Context(), "SELECT max(n) FROM notes").Scan(&seen))
		if seen < n {
			require.Less(t, asked.Sub(written[seen+1]), bound, "note %d was missing", seen+1)
		}
		fellBack = fellBack || asked.Sub(written[1]) > bound && seen == n
		require.Less(t, asked.Sub(written[1]), readPatience)
	}
	require.Eventually(t, func() bool { return r.log.count("the replica is away or behind") > 0 }, readPatience, 5*time.Millisecond)

	exec(t, r.Replica, "SELECT pg_wal_replay_resume()")
	r.awaitPlace(t, "replica")
}

func TestReader_ReadsFromThePrimaryWhileTheReplicaIsAway(t *testing.T) {
	t.Parallel()
	r := setupReplicated(t, 5*time.Second)
	r.awaitPlace(t, "replica")
	pinned := r.reader.Pin(t.Context(), false)

	r.line.Stop()
	for range 20 {
		require.Equal(t, "primary", r.place(t.Context(), t), "no query fails, and none waits for the bound")
		require.Equal(t, "primary", r.place(pinned, t), "nor one of a request that has begun there")
	}
	require.NoError(t, r.line.Start())
	r.awaitPlace(t, "replica")

	t.Log("one that answers nothing costs a query a bounded time")
	_, err := r.line.Toxics.AddToxicJson(strings.NewReader(`{"type":"timeout","attributes":{"timeout":0}}`))
	require.NoError(t, err)
	begin := time.Now()
	require.Equal(t, "primary", r.place(t.Context(), t))
	require.Less(t, time.Since(begin), 10*time.Second)
	r.line.Toxics.ResetToxics(t.Context())
	r.awaitPlace(t, "replica")

	t.Log("one that was promoted follows nobody")
	before := r.log.count("the replica is away or behind")
	exec(t, r.Replica, "SELECT pg_promote()")
	require.Eventually(t, func() bool { return r.log.count("the replica is away or behind") > before }, readPatience, 5*time.Millisecond)
	_, err = r.Primary.Exec(t.Context(), "INSERT INTO notes VALUES (7)")
	require.NoError(t, err)
	var n int
	require.NoError(t, r.reader.QueryRow(t.Context(), "SELECT count(*) FROM notes WHERE n = 7").Scan(&n))
	require.Equal(t, 1, n)
}

func TestReader_NeedsNoReplica(t *testing.T) {
	t.Parallel()
	r := db.NewReader(db.ReaderOptions{Primary: dbtest.Pool(t)})
	r.Run(t.Context())
	require.Zero(t, r.MaxLag())
	var one int
	require.NoError(t, r.QueryRow(r.Pin(t.Context(), false), "SELECT 1").Scan(&one))
	require.Equal(t, 1, one)
}
