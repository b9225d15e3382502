// Package dbtest gives tests real servers: a PostgreSQL with a migrated database of its own for
// each test, and a Redis. Nothing has to be installed or started first.
//
// The servers belong to the test process: one Postgres and one Redis for all tests of a
// package, started by the first test that asks. One set for all packages was weighed and
// rejected: a Postgres starts in a tenth of a second from a copied cluster and its
// databases in a few hundredths, while a shared one needs somebody who outlives every test process
// to count its users, and is what a killed `go test` leaves running. So, each package says
//
//	func TestMain(m *testing.M) { dbtest.Main(m) }
//
// and its tests call Pool, URL or Redis. Servers stop when the tests end; on Linux also when
// the test process is killed. What that leaves on disk, the next run removes.
//
// PAYGATE_TEST_DATABASE_URL names a Postgres to use instead. Its role must be allowed to make
// databases; all of ours are called paygate_test_…, and are dropped at the end.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"paygate/db"
)

const (
	// maxConns is the size of a test's pool: enough for River's own connections beside a
	// test's, few enough that a leak of connections shows as a hang in the test that leaks.
	maxConns = 10
	// patience bounds what the package itself does on behalf of a test.
	patience = time.Minute
	// startPatience allows for a download of the server programs.
	startPatience = 3 * time.Minute
)

var (
	// managed says that Main runs the tests, and will stop what they start.
	managed  atomic.Bool
	postgres = newLazy(startPostgres)
	redis    = newLazy(startRedis)
)

// Main runs a package's tests from its TestMain, stops the servers that they started, fails
// when a goroutine is left over, and exits.
func Main(m *testing.M, options ...goleak.Option) {
	managed.Store(true)
	code := m.Run()

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	err := errors.Join(postgres.stop(ctx), redis.stop(ctx), removeRunFolder())
	cancel()
	if err == nil && code == 0 {
		// After a failed test goroutines are left over for a reason that is known already.
		err = leftOver(options...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// leftOver reports goroutines that do not end. goleak itself waits half a second for them; go-redis looks
// only once a second whether the pool that it dials for was closed.
func leftOver(options ...goleak.Option) (err error) {
	for range 6 {
		if err = goleak.Find(options...); err == nil {
			return nil
		}
	}
	return err
}

// Pool returns connections to a fresh database with the whole schema and no rows, which
// disappears after the test. Sessions run in UTC.
func Pool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	pool, err := db.Open(tb.Context(), URL(tb), db.PoolOptions{ApplicationName: "dbtest", MaxConns: maxConns})
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		// Close waits for every connection to be given back, so for ever when one was not.
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			pool.Close()
		}()
		timer := time.NewTimer(10 * time.Second)
		defer timer.Stop()
		select {
		case <-closed:
		case <-timer.C:
			tb.Errorf("dbtest: the test ended with %d connections still in use", pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// URL is Pool for tests that start real processes: a database of the test's own, by its URL.
func URL(tb testing.TB) string {
	tb.Helper()
	server := get(tb, postgres)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	name, err := server.create(ctx)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.drop(ctx, name); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return server.url(name)
}

// Redis returns the URL of an empty Redis database of the test's own. It is a real server when
// the machine has one, else the in-process one of paygate/db/local. On the real one, tests share
// channels and scripts, and must empty theirs with FLUSHDB, never FLUSHALL.
func Redis(tb testing.TB) string {
	tb.Helper()
	server := get(tb, redis)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	url, release, err := server.create(ctx)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := release(ctx); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return url
}

func get[S stopper](tb testing.TB, server *lazy[S]) S {
	tb.Helper()
	if !managed.Load() {
		tb.Fatal("dbtest: the package's TestMain must call dbtest.Main, which stops the servers that tests start")
	}
	started, err := server.get()
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	return started
}
