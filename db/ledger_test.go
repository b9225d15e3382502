package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
)

// TestLedgerIsAppendOnly tries to rewrite history as the owner of the tables, who may do everything else.
func TestLedgerIsAppendOnly(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	for _, statement := range []string{
		"UPDATE ledger_transfers SET amount = amount + 1",
		"DELETE FROM ledger_transfers",
		"TRUNCATE ledger_transfers",
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			_, err := pool.Exec(t.Context(), statement)
			var refused *pgconn.PgError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "23001", refused.Code)
			require.Contains(t, refused.Message, "append-only")
		})
	}
}
