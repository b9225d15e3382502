package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a real process says and ends with, for each kind of refusal; cmd/paygate tests each setting.
func TestRefusals(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	status, says := run(t, dir, map[string]string{"CARD_SUCCESS_RATE": "1.5"}, "worker")
	require.Equal(t, 2, status)
	require.Equal(t, `paygate: CARD_SUCCESS_RATE: "1.5" is not a share from 0 to 1, such as 0.95`, says)

	status, says = run(t, dir, nil, "api", "--sandbox-open", "--redis-url=redis://localhost:1/0")
	require.Equal(t, 2, status)
	require.Equal(t, "paygate: PAYGATE_SANDBOX_OPEN lets anybody act for the demo merchant: it needs PAYGATE_DEVELOPMENT=true", says)

	status, says = run(t, dir, nil, "migrate")
	require.Equal(t, 2, status)
	require.Equal(t, "paygate: DATABASE_URL is not set, and no `paygate dev` is running in this folder", says)

	g := newGateway(t)
	for _, role := range []string{"api", "worker"} {
		status, says = run(t, g.dir, g.env, role)
		require.Equal(t, 1, status)
		require.Equal(t, "paygate: the database schema is older than this binary: run `paygate migrate`", says)
	}

	_, apiURL := func() (*program, string) { g.prepare(t, "http://localhost:1"); return g.start(t, "api") }()
	env := maps.Clone(g.env)
	env["PAYGATE_API_ADDR"] = strings.Replace(apiURL, "http://localhost", "127.0.0.1", 1)
	status, says = run(t, g.dir, env, "api")
	require.Equal(t, 1, status)
	require.Contains(t, says, "paygate: "+env["PAYGATE_API_ADDR"]+" is in use: stop what listens there, or choose another address with PAYGATE_API_ADDR")
}
