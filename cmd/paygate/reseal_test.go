package main

import (
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/keyring"
)

// The whole change of keys: the new one in front, everything sealed again, the old one taken out. What no table of the
// schema could be without: a column of sealed bytes that the command does not know.
func TestReseal(t *testing.T) {
	t.Parallel()

	newKey := func(id string) string {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		return id + ":" + base64.StdEncoding.EncodeToString(secret)
	}
	before, after := newKey("old"), newKey("new")
	env := map[string]string{"DATABASE_URL": dbtest.URL(t), "PAYGATE_ENCRYPTION_KEYS": before}
	// It makes an endpoint with a secret, and a checkout secret.
	seeded := call(t, with(env, "PAYGATE_DEVELOPMENT", "true"), "seed")
	require.Zero(t, seeded.status, seeded.stderr)
	old, err := keyring.Parse(before)
	require.NoError(t, err)
	execute(t, env["DATABASE_URL"], "UPDATE webhook_endpoints SET header_names = '{Authorization}', headers = $1",
		old.Seal([]byte(`{"Authorization":"Bearer x"}`), []byte("webhook_endpoints.headers/"+endpointID(t, env["DATABASE_URL"]))))
	execute(t, env["DATABASE_URL"], "INSERT INTO gateway_secrets (name, sealed, created_at) VALUES ('idempotency_fingerprint', $1, now())",
		old.Seal(make([]byte, 32), []byte("idempotency_fingerprint")))

	rotated := call(t, env, "origins", "rotate", "--merchant="+demoMerchant.String())
	require.Zero(t, rotated.status, rotated.stderr)

	alone := call(t, with(env, "PAYGATE_ENCRYPTION_KEYS", after), "reseal")
	require.Equal(t, exitFailure, alone.status)
	require.Contains(t, alone.stderr, "the key old that this was sealed with is not in the keyring")

	both := with(env, "PAYGATE_ENCRYPTION_KEYS", after+","+before)
	done := call(t, both, "reseal")
	require.Zero(t, done.status, done.stderr)
	require.Contains(t, done.stdout, "5 secrets were sealed again. Every one is sealed with the first of the keyring(new,old)")
	again := call(t, both, "reseal")
	require.Zero(t, again.status)
	require.Contains(t, again.stdout, "0 secrets")
	without := call(t, with(env, "PAYGATE_ENCRYPTION_KEYS", after), "reseal")
	require.Zero(t, without.status, without.stderr)

	// Nothing that begins as a sealed text does is left under the old key, in whatever table.
	conn, err := pgx.Connect(t.Context(), env["DATABASE_URL"])
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT format('SELECT count(*) FILTER (WHERE substring(%1$I FROM 3 FOR 3) = ''old''), count(*) FILTER (WHERE substring(%1$I FROM 3 FOR 3) = ''new'') FROM %2$I.%3$I', column_name, table_schema, table_name)
		FROM information_schema.columns WHERE data_type = 'bytea' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	require.NoError(t, err)
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	sealed := 0
	for _, query := range queries {
		var underOld, underNew int
		require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&underOld, &underNew))
		require.Zero(t, underOld, query)
		sealed += underNew
	}
	require.Equal(t, 5, sealed)
}

func endpointID(t *testing.T, url string) (id string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT id FROM webhook_endpoints").Scan(&id))
	return id
}
