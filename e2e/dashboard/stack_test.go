package dashboard_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/db/local/process"
	"paygate/e2e/build"
)

// binary is the program that the test runs.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = build.Binary("../.."); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/dashboard:", err)
		os.Exit(1)
	}
	dbtest.Main(m)
}

// stack is `paygate dev`, and beside it `paygate dashboard` as a production runs it: behind a proxy that ends TLS, below
// a path.
type stack struct {
	dashboard, api, receiver, checkout string // URLs
	password, viewerPassword           string
	// hostile answers webhooks with what would run in a careless page.
	hostile *httptest.Server
	proxy   *httptest.Server
}

// patience is for a start on a machine that has much else to do.
const patience = 2 * time.Minute

// prefix is where the proxy shows the dashboard.
const prefix = "/pay"

func newStack(t *testing.T) *stack {
	t.Helper()
	database := dbtest.URL(t)
	keys := "e2e:" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of a test's key"))
	dev := launch(t, "dev", map[string]string{
		"DATABASE_URL": database, "PAYGATE_ENCRYPTION_KEYS": keys, "PROCESSOR_LATENCY_MIN": "0s", "PROCESSOR_LATENCY_MAX": "0s",
		// What has failed once is sent again by hand alone, within a test.
		"WEBHOOK_RETRY_SCHEDULE": "0s,1h",
	})
	dev.says(t, "Its webhooks appear here")
	signIn := dev.says(t, `Dashboard +(http://\S+) +sign in as test@example\.com with (\S+)`)
	s := &stack{
		dashboard: signIn[1], password: signIn[2], api: dev.says(t, `API +(http://\S+)/api/v1 `)[1],
		receiver: dev.says(t, `Webhooks +(http://\S+) `)[1], checkout: dev.says(t, `Checkout +(http://\S+)/checkout\.js `)[1],
	}

	users := exec.CommandContext(t.Context(), binary, "users", "create", "--merchant=test@example.com", "--email=viewer@example.com", "--role=viewer")
	users.Env = append(environ(), "DATABASE_URL="+database)
	output, err := users.CombinedOutput()
	require.NoError(t, err, string(output))
	match := regexp.MustCompile(`with the password (\S+)`).FindSubmatch(output)
	require.NotNil(t, match, string(output))
	s.viewerPassword = string(match[1])

	production := launch(t, "dashboard", map[string]string{
		"DATABASE_URL": database, "REDIS_URL": dbtest.Redis(t), "PAYGATE_DASHBOARD_PREFIX": prefix,
		"PAYGATE_ENCRYPTION_KEYS": keys,
	})
	behind, err := url.Parse("http://" + production.says(t, `"msg":"dashboard listens".*"addr":"([^"]+)"`)[1])
	require.NoError(t, err)
	s.proxy = httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(s.proxy.Close)
	s.hostile = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Answer", payload)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(payload))
	}))
	t.Cleanup(s.hostile.Close)
	return s
}

// payload runs in a page that takes text for markup; browser/hostile.mjs has the same one.
const payload = `"><img src=x onerror="window.xss=1"><script>window.xss=1</script>`

// program is a process of the binary.
type program struct {
	process *process.Process
	mu      sync.Mutex
	lines   []string
}

func environ() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()} //nolint:forbidigo // as a shell has it
}

// launch starts a role with every server on a port of its choice.
func launch(t *testing.T, role string, env map[string]string) *program {
	t.Helper()
	all := environ()
	for _, server := range []string{"API", "DASHBOARD", "CHECKOUT", "SHOP", "RECEIVER", "ADMIN"} {
		all = append(all, "PAYGATE_"+server+"_ADDR=127.0.0.1:0")
	}
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	p := &program{}
	child, err := process.Start(process.Spec{Path: binary, Args: []string{role}, Dir: t.TempDir(), Env: all, OnParentDeath: syscall.SIGKILL, Line: func(line string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.lines = append(p.lines, line)
	}})
	require.NoError(t, err)
	p.process = child
	t.Cleanup(func() {
		if err := child.Stop(context.Background(), 20*time.Second, syscall.SIGTERM); err != nil {
			t.Errorf("paygate %s does not end: %v", role, err)
		}
		if t.Failed() {
			t.Logf("paygate %s wrote:\n%s", role, p.output())
		}
	})
	return p
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// says waits until the program has written what the expression matches.
func (p *program) says(t *testing.T, expression string) []string {
	t.Helper()
	pattern := regexp.MustCompile(expression)
	var match []string
	require.Eventually(t, func() bool {
		match = pattern.FindStringSubmatch(p.output())
		return match != nil
	}, patience, 20*time.Millisecond, "%s is not in:\n%s", expression, p.output())
	return match
}
