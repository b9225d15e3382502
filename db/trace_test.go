package db

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatementName(t *testing.T) {
	t.Parallel()

	for sql, name := range map[string]string{
		"-- name: PaymentInsertMany :many\nINSERT INTO payments …":  "PaymentInsertMany",
		"\n-- name: JobGetAvailable :many\nWITH locked_jobs AS (…)": "JobGetAvailable",
		"begin":                   "BEGIN",
		"SELECT secret FROM keys": "SELECT",
	} {
		require.Equal(t, name, statementName(sql))
	}
}
