package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/certificate/certtest"
	"paygate/db/local"
	"paygate/gate"
)

// Each server that the world reaches presents its certificate, and a renewed one without being restarted.
func TestRolesServeTLS(t *testing.T) {
	t.Parallel()

	for role, at := range map[string]struct{ ready, path string }{
		"api": {"api is serving", "/health"}, "checkout": {"checkout is serving", "/checkout.js"}, "dashboard": {"dashboard listens", "/"},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()

			authority, folder := certtest.New(t), t.TempDir()
			first := authority.Issue(t, folder, time.Now().Add(time.Hour))
			env := with(roleEnv(t), "PAYGATE_TLS_CERT", filepath.Join(folder, "tls.crt"))
			process := start(t, with(env, "PAYGATE_TLS_KEY", filepath.Join(folder, "tls.key")), role)
			addr, ok := process.logged(t, at.ready)["addr"].(string)
			require.True(t, ok)

			// ask makes a connection of its own, and returns the certificate that it was shown.
			ask := func() *big.Int {
				transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
				defer transport.CloseIdleConnections()
				response, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://" + addr + at.path)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, http.StatusOK, response.StatusCode)
				require.Equal(t, "HTTP/2.0", response.Proto)
				require.Equal(t, "max-age=31536000", response.Header.Get("Strict-Transport-Security"))
				return response.TLS.PeerCertificates[0].SerialNumber
			}
			require.Equal(t, first, ask())

			second := authority.Issue(t, folder, time.Now().Add(time.Hour))
			require.Eventually(t, func() bool { return ask().Cmp(second) == 0 }, patience, 100*time.Millisecond)
			process.logged(t, "the TLS certificate was changed")

			response, err := http.Get("http://" + addr + at.path)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusBadRequest, response.StatusCode, "nothing is served without TLS")
			require.Zero(t, process.end(t))
		})
	}
}

func TestTLSSettings(t *testing.T) {
	t.Parallel()

	authority, folder := certtest.New(t), t.TempDir()
	authority.Issue(t, folder, time.Now().Add(time.Hour))
	cert, key, ca := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"), filepath.Join(folder, "ca.crt")
	authority.WriteTo(t, ca)
	// No server is asked before the settings are known to be good.
	env := map[string]string{"DATABASE_URL": "postgres://localhost:1/x", "REDIS_URL": "redis://localhost:1/0", "PAYGATE_DEVELOPMENT": "true"}
	for name, tt := range map[string]struct {
		change map[string]string
		says   string
	}{
		"NoKey":           {map[string]string{"PAYGATE_TLS_CERT": cert}, "PAYGATE_TLS_KEY is not: a listener needs both"},
		"NoCert":          {map[string]string{"PAYGATE_TLS_KEY": key}, "PAYGATE_TLS_CERT is not: a listener needs both"},
		"Absent":          {map[string]string{"PAYGATE_TLS_CERT": cert + "x", "PAYGATE_TLS_KEY": key}, "PAYGATE_TLS_CERT: error reading"},
		"Swapped":         {map[string]string{"PAYGATE_TLS_CERT": key, "PAYGATE_TLS_KEY": cert}, "PAYGATE_TLS_CERT: error using"},
		"CAForPlainRedis": {map[string]string{"REDIS_CA_FILE": ca}, "REDIS_URL asks for no TLS"},
		"NoCA":            {map[string]string{"REDIS_CA_FILE": key, "REDIS_URL": "rediss://localhost:1/0"}, "REDIS_CA_FILE: error reading certificates of authorities: there is none in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := env
			for variable, value := range tt.change {
				changed = with(changed, variable, value)
			}
			got := call(t, changed, "api")
			require.Equal(t, exitUsage, got.status)
			require.Contains(t, got.stderr, tt.says)
			require.NotContains(t, got.stderr, "BEGIN")
		})
	}
}

// The way to Redis is open to one whose certificate an authority of the operator's own has signed, and to no other.
func TestRedisOverTLS(t *testing.T) {
	t.Parallel()

	authority, folder := certtest.New(t), t.TempDir()
	authority.Issue(t, folder, time.Now().Add(time.Hour))
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	require.NoError(t, err)
	server := miniredis.NewMiniRedis()
	require.NoError(t, server.StartTLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	t.Cleanup(server.Close)
	ca := filepath.Join(folder, "ca.crt")
	for name, tt := range map[string]struct {
		authority *certtest.Authority
		fails     string
	}{"Ours": {authority, ""}, "AnotherAuthority": {certtest.New(t), "certificate signed by unknown authority"}} {
		tt.authority.WriteTo(t, ca)
		settings := redisSettings{RedisCA: ca}
		require.NoError(t, settings.RedisURL.UnmarshalText([]byte("rediss://"+server.Addr()+"/0")))
		require.NoError(t, settings.trust())
		client := gate.NewClient(settings.RedisURL.options, patience)
		err := client.Ping(t.Context()).Err()
		if tt.fails == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, tt.fails, name)
		}
		require.NoError(t, client.Close())
	}
}

// The database is reached over TLS alone, and only when its certificate is signed by who the URL says.
func TestPostgresOverTLS(t *testing.T) {
	t.Parallel()

	authority, folder := certtest.New(t), t.TempDir()
	authority.Issue(t, folder, time.Now().Add(time.Hour)) // into the server's folder, which is given to its account
	server, err := local.StartPostgres(t.Context(), local.PostgresOptions{Dir: folder, Settings: map[string]string{
		"ssl": "on", "ssl_cert_file": filepath.Join(folder, "tls.crt"), "ssl_key_file": filepath.Join(folder, "tls.key"), "fsync": "off",
	}})
	require.NoError(t, err)
	closing := t.Context()
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(closing))) })
	ca := filepath.Join(t.TempDir(), "ca.crt")
	authority.WriteTo(t, ca)

	at := strings.Replace(server.TCPURL(), "sslmode=disable", "sslmode=verify-full&sslrootcert="+ca, 1)
	got := call(t, map[string]string{"DATABASE_URL": at}, "migrate")
	require.Zero(t, got.status, got.stderr)
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var encrypted bool
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted))
	require.True(t, encrypted)

	certtest.New(t).WriteTo(t, ca)
	got = call(t, map[string]string{"DATABASE_URL": at}, "doctor")
	require.Equal(t, exitFailure, got.status)
	require.Contains(t, got.stderr, "certificate signed by unknown authority")
}

func TestWarnOfPlainPostgres(t *testing.T) {
	t.Parallel()

	for at, warns := range map[string]bool{
		"postgres://db.example/x?sslmode=disable":         true,
		"postgres://db.example/x":                         true, // pgx's default falls back to plain
		"postgres://db.example/x?sslmode=require":         false,
		"postgres://db.example/x?sslmode=verify-full":     false,
		"postgres://a.example,b.example/x?sslmode=prefer": true,
		"postgres://localhost/x?sslmode=disable":          false,
		"postgres://[::1]/x?sslmode=disable":              false,
		"postgres:///x?host=/run/postgresql":              false,
	} {
		config, err := pgx.ParseConfig(at)
		require.NoError(t, err)
		var log bytes.Buffer
		warnOfPlainPostgres(t.Context(), config, slog.New(slog.NewTextHandler(&log, nil)))
		require.Equal(t, warns, log.Len() > 0, at)
	}
}
