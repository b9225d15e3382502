package db_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/fault"
)

// behindFailover is a pool whose connections lead to what takes no writes any more, while new ones lead to what does:
// what a pool is left with when its server becomes a standby and another takes over, and nobody ends the connections.
// Here it is one server, whose default for new sessions changes meanwhile.
func behindFailover(t *testing.T, connections int) *pgxpool.Pool {
	t.Helper()
	admin := dbtest.Pool(t)
	_, err := admin.Exec(t.Context(), "CREATE TABLE written (id int)")
	require.NoError(t, err)
	alter := func(change string) {
		t.Helper()
		_, err := admin.Exec(t.Context(), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I "+change+"', current_database()); END $$")
		require.NoError(t, err)
	}
	alter("SET default_transaction_read_only = on")
	pool, err := db.Open(t.Context(), admin.Config().ConnString(), db.PoolOptions{MaxConns: int32(connections)})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	// All at once, so that they are not one.
	var held []*pgxpool.Conn
	for range connections {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
	}
	for _, conn := range held {
		conn.Release()
	}
	require.EqualValues(t, connections, pool.Stat().IdleConns())
	alter("RESET default_transaction_read_only")
	return pool
}

const write = "INSERT INTO written VALUES (1)"

// A transaction that meets what has become a standby has done nothing, and is begun again at the primary.
func TestInTxLeavesStandby(t *testing.T) {
	t.Parallel()
	pool := behindFailover(t, 8)
	times := 0
	err := db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		times++
		_, err := tx.Exec(t.Context(), write)
		return err
	})
	require.NoError(t, err)
	require.Equal(t, 2, times)
}

// Outside of a transaction the caller is told, and one of them is enough for all connections.
func TestPoolLeavesStandby(t *testing.T) {
	t.Parallel()
	const connections = 8
	pool := behindFailover(t, connections)
	_, err := pool.Exec(t.Context(), write)
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, pgerrcode.ReadOnlySQLTransaction, refused.Code)
	require.Equal(t, fault.Unavailable, db.PublicError(err).Code)

	var writers sync.WaitGroup
	errs := make([]error, connections)
	for i := range errs {
		writers.Go(func() {
			_, errs[i] = pool.Exec(t.Context(), write)
		})
	}
	writers.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// What takes no writes at all is not kept busy with new connections.
func TestPoolStaysAtReadOnlyServer(t *testing.T) {
	t.Parallel()
	pool := behindFailover(t, 1)
	for range 20 {
		_, err := pool.Exec(t.Context(), "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), write)
		require.Equal(t, fault.Unavailable, db.PublicError(err).Code)
	}
	require.Less(t, pool.Stat().NewConnsCount(), int64(10))
}
