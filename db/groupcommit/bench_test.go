package groupcommit_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db/groupcommit"
)

// The tests' own Postgres does not sync, which is most of what is measured here. Name one that does:
//
//	PAYGATE_TEST_DATABASE_URL=postgres://… go test -run '^$' -bench . ./db/groupcommit

// contender is one way to get rows into the table.
type contender struct {
	name string
	do   func(item row) error
}

// contenders are a transaction for each row, and groups with one and more transactions
// in flight. They are measured in turn, in one run, because the machine's other load
// moves every figure but hardly their ratio.
func contenders(b *testing.B, concurrency ...int) []contender {
	b.Helper()
	pool := benchPool(b)
	all := []contender{{"single", func(item row) error { return insertAlone(b.Context(), pool, item) }}}
	for _, most := range concurrency {
		group := groupcommit.New(pool, insertRows, rowOptions{Concurrency: most})
		b.Cleanup(func() { require.NoError(b, group.Close(context.Background())) })
		all = append(all, contender{fmt.Sprintf("group%d", most), func(item row) error {
			_, err := group.Do(b.Context(), item)
			return err
		}})
	}
	return all
}

// benchPool gives a connection to each of 64 callers.
func benchPool(b *testing.B) *pgxpool.Pool {
	b.Helper()
	config := rowTable(b).Config()
	config.MaxConns = 64
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return pool
}

func insertAlone(ctx context.Context, pool *pgxpool.Pool, item row) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tx, err := pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("error beginning transaction: %w", err)
	}
	if _, err := insertRows(ctx, tx, []row{item}); err != nil {
		return fmt.Errorf("error inserting: %w", err)
	}
	return tx.Commit(ctx)
}

// report prints each contender's median time for an item, and how many times as fast
// as the first it is.
func report(b *testing.B, all []contender, times [][]time.Duration) {
	b.Helper()
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2].Nanoseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op") // of all contenders together: means nothing
	for i, c := range all {
		b.ReportMetric(median(i), c.name+"-µs/item")
		if i > 0 {
			b.ReportMetric(median(0)/median(i), c.name+"-×")
		}
	}
}

// BenchmarkLone is one caller with nobody beside it: what gathering costs when there is
// nothing to gather.
func BenchmarkLone(b *testing.B) {
	all := contenders(b, 2)
	times := make([][]time.Duration, len(all))
	n := 0
	for b.Loop() {
		for i, c := range all {
			n++
			start := time.Now()
			require.NoError(b, c.do(row{n, good}))
			times[i] = append(times[i], time.Since(start))
		}
	}
	report(b, all, times)
}

// BenchmarkConcurrent is callers that come back as soon as they are answered.
func BenchmarkConcurrent(b *testing.B) {
	for _, callers := range []int{4, 16, 64, 256} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			const each = 25
			all := contenders(b, 1, 2, 3, 4)
			times := make([][]time.Duration, len(all))
			var n atomic.Int64
			for b.Loop() {
				for i, c := range all {
					var wg sync.WaitGroup
					start := time.Now()
					for range callers {
						wg.Go(func() {
							for range each {
								if err := c.do(row{int(n.Add(1)), good}); err != nil {
									b.Error(err)
								}
							}
						})
					}
					wg.Wait()
					times[i] = append(times[i], time.Since(start)/time.Duration(callers*each))
				}
			}
			report(b, all, times)
		})
	}
}

// BenchmarkGathering is the package's own cost, without a database.
func BenchmarkGathering(b *testing.B) {
	group := groupcommit.New(noDB{}, func(_ context.Context, _ pgx.Tx, items []int) (results, error) {
		return make(results, len(items)), nil
	}, options{})
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := group.Do(b.Context(), 1); err != nil {
				b.Error(err)
			}
		}
	})
	require.NoError(b, group.Close(b.Context()))
}

// noDB commits nothing at once.
type noDB struct{ pgx.Tx }

func (noDB) Begin(context.Context) (pgx.Tx, error) { return noDB{}, nil }
func (noDB) Commit(context.Context) error          { return nil }
