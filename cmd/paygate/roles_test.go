package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/webhooks"
)

const patience = 20 * time.Second

// roleEnv is the environment of a development role on a database of the test's own.
func roleEnv(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"DATABASE_URL":           dbtest.URL(t),
		"PAYGATE_ADMIN_ADDR":     "127.0.0.1:0",
		"PAYGATE_API_ADDR":       "127.0.0.1:0",
		"PAYGATE_CHECKOUT_ADDR":  "127.0.0.1:0",
		"PAYGATE_DASHBOARD_ADDR": "127.0.0.1:0",
		"PAYGATE_DEVELOPMENT":    "true",
		"PAYGATE_RECEIVER_ADDR":  "127.0.0.1:0",
		"REDIS_URL":              dbtest.Redis(t),
	}
}

func with(env map[string]string, name, value string) map[string]string {
	changed := map[string]string{name: value}
	for key, kept := range env {
		if key != name {
			changed[key] = kept
		}
	}
	return changed
}

// logged waits for a line of the log and returns it decoded.
func (r *running) logged(t *testing.T, message string) map[string]any {
	t.Helper()
	var found map[string]any
	require.Eventually(t, func() bool {
		for line := range strings.Lines(r.stderr.String()) {
			var decoded map[string]any
			if json.Unmarshal([]byte(line), &decoded) == nil && decoded["msg"] == message {
				found = decoded
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond, message)
	return found
}

// end asks it to stop, as a signal does, and returns its status.
func (r *running) end(t *testing.T) int {
	t.Helper()
	r.stop()
	select {
	case status := <-r.status:
		return status
	case <-time.After(patience):
		require.FailNow(t, "it does not end")
		return -1
	}
}

func execute(t *testing.T, url, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// The leak check of TestMain is half of this test.
func TestRolesStartAndEnd(t *testing.T) {
	t.Parallel()

	for role, ready := range map[string]string{
		"api": "api is serving", "checkout": "checkout is serving", "dashboard": "dashboard is serving",
		"receiver": "webhook receiver is serving", "worker": "workers are running",
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()

			process := start(t, roleEnv(t), role)
			process.logged(t, ready)
			require.Zero(t, process.end(t))
			require.NotContains(t, process.stderr.String(), "paygate:")
		})
	}
}

func TestSchemaIsRequired(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct{ sql, says string }{
		"Empty": {
			"DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS acquirer CASCADE",
			"paygate: the database schema is older than this binary: run `paygate migrate`\n",
		},
		"Stale": {
			"DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)",
			"paygate: the database schema is older than this binary: run `paygate migrate` (it is at ",
		},
		"WithoutRiver": {
			"DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)",
			"paygate: the database schema is older than this binary: run `paygate migrate` (River's tables)\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			env := roleEnv(t)
			execute(t, env["DATABASE_URL"], tt.sql)
			for _, role := range []string{"api", "checkout", "dashboard", "worker", "seed", "doctor"} {
				got := call(t, env, role)
				require.Equal(t, exitFailure, got.status)
				require.True(t, strings.HasPrefix(got.stderr, tt.says), got.stderr)
				require.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
			}
		})
	}
}

func TestMigrateAndSeed(t *testing.T) {
	t.Parallel()

	env := roleEnv(t)
	execute(t, env["DATABASE_URL"], "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS acquirer CASCADE")
	for range 2 { // neither minds being done already
		require.Equal(t, outcome{exitOK, "The database has the schema of this binary.\n", ""}, call(t, env, "migrate"))
		require.Equal(t, outcome{
			exitOK,
			"The demo merchant test@example.com is there: key_test_abc123 / secret_test_xyz789, order order_xyz, webhooks to http://localhost:4000/webhook.\n",
			"",
		}, call(t, env, "seed"))
	}
}

func TestProductionRefusesTheDemoKey(t *testing.T) {
	t.Parallel()

	env := roleEnv(t)
	require.Zero(t, call(t, env, "seed").status)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	production := with(with(env, "PAYGATE_DEVELOPMENT", ""), "PAYGATE_ENCRYPTION_KEYS", "main:"+base64.StdEncoding.EncodeToString(secret))

	got := call(t, production, "api")
	require.Equal(t, outcome{exitFailure, "", "paygate: the database accepts the key key_test_abc123, whose secret everybody knows: " +
		"revoke it, or set PAYGATE_DEVELOPMENT=true to try things out\n"}, got)

	execute(t, env["DATABASE_URL"], "UPDATE api_keys SET revoked_at = now() WHERE id = $1", demoKey)
	process := start(t, production, "api")
	process.logged(t, "api is serving")
	require.Zero(t, process.end(t))
}

func TestPortInUse(t *testing.T) {
	t.Parallel()

	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	env := roleEnv(t)
	for role, settings := range map[string][]string{
		"api":       {"PAYGATE_ADMIN_ADDR", "PAYGATE_API_ADDR"},
		"checkout":  {"PAYGATE_CHECKOUT_ADDR"},
		"dashboard": {"PAYGATE_DASHBOARD_ADDR"},
		"receiver":  {"PAYGATE_RECEIVER_ADDR"},
		"worker":    {"PAYGATE_ADMIN_ADDR"},
	} {
		for _, setting := range settings {
			got := call(t, with(env, setting, taken.Addr().String()), role)
			require.Equal(t, exitFailure, got.status)
			require.Contains(t, got.stderr, "paygate: "+taken.Addr().String()+" is in use: stop what listens there, or choose another address with "+setting+"\n")
		}
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()

	got := call(t, with(roleEnv(t), "DATABASE_URL", "postgres://paygate:hunter2@127.0.0.1:1/paygate"), "worker")
	require.Equal(t, exitFailure, got.status)
	require.Contains(t, got.stderr, "connection refused")
	require.NotContains(t, got.stderr, "hunter2")
}

func TestAdmin(t *testing.T) {
	t.Parallel()

	env := roleEnv(t)
	process := start(t, env, "worker")
	process.logged(t, "workers are running")
	url := "http://" + process.logged(t, "admin is serving")["addr"].(string)
	for _, path := range []string{"/health", "/debug/pprof/", "/debug/pprof/goroutine?debug=1"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, path)
	}
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, process.end(t))

	off := start(t, with(env, "PAYGATE_ADMIN_ADDR", "off"), "worker")
	off.logged(t, "workers are running")
	require.NotContains(t, off.stderr.String(), "admin is serving")
	require.Zero(t, off.end(t))
}

func TestFollowReceiver(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	keys, err := secretSettings{}.keyring(true)
	require.NoError(t, err)
	endpoints := &webhooks.Endpoints{DB: pool, Guard: endpointSettings{loopback}.guard(true), Keyring: keys, Now: now}
	url := func() string {
		endpoint, err := endpoints.Get(t.Context(), demoMerchant, demoEndpoint)
		require.NoError(t, err)
		return endpoint.URL
	}

	require.NoError(t, seed(t.Context(), pool, keys, "http://localhost:4000/webhook"))
	require.NoError(t, followReceiver(t.Context(), pool, keys, "http://localhost:4000/webhook"))
	require.Equal(t, "http://localhost:4000/webhook", url())
	require.NoError(t, followReceiver(t.Context(), pool, keys, "http://localhost:4444/webhook"))
	require.Equal(t, "http://localhost:4444/webhook", url())

	for _, own := range []string{"http://localhost:4000/hooks", "http://127.0.0.1:4000/webhook", "https://example.com/webhook"} {
		_, err := pool.Exec(t.Context(), "UPDATE webhook_endpoints SET url = $1", own)
		require.NoError(t, err)
		require.NoError(t, followReceiver(t.Context(), pool, keys, "http://localhost:4000/webhook"))
		require.Equal(t, own, url(), "somebody chose that")
	}

	require.NoError(t, endpoints.Delete(t.Context(), demoMerchant, demoEndpoint))
	require.NoError(t, followReceiver(t.Context(), pool, keys, "http://localhost:4000/webhook"))
}

func TestVersion(t *testing.T) {
	t.Parallel()

	got := call(t, nil, "version")
	require.Zero(t, got.status)
	require.Regexp(t, `^paygate \S+ \(commit \S+, go1\.\d+\S*, \w+/\w+, schema \d+, river schema \d+\)\n$`, got.stdout)

	got = call(t, nil, "version", "--json")
	require.Zero(t, got.status)
	var b build
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &b))
	files, err := filepath.Glob("../../db/migrations/*.sql")
	require.NoError(t, err)
	require.EqualValues(t, len(files), b.Schema, "one number after the other")
}
