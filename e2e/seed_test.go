package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/receiver"
)

// demoSecret is that of the demo endpoint, as `paygate seed` makes it.
const demoSecret = "whsec_cGF5Z2F0ZS1kZW1vLXJlY2VpdmVyLTI0"

// seed is what testdata/seed.txt, the document this project began with, tells its readers to do.
type seed struct {
	docker, commands []string
	// verify is the JavaScript that merchants check signatures with.
	verify string
}

func readSeed(t *testing.T) seed {
	t.Helper()
	text, err := os.ReadFile("testdata/seed.txt")
	require.NoError(t, err)
	var s seed
	for _, block := range regexp.MustCompile("(?ms)^```(bash|js)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		switch language, code := block[1], block[2]; {
		case language == "js":
			require.Empty(t, s.verify)
			s.verify = code
		case strings.HasPrefix(code, "docker"):
			s.docker = append(s.docker, code)
		default:
			s.commands = append(s.commands, code)
		}
	}
	// Every block is accounted for: dev, or the roles, stand in for the containers, and the rest is run.
	require.Equal(t, []string{"docker-compose up -d --build\n", "docker ps\n"}, s.docker)
	require.Len(t, s.commands, 5)
	require.Contains(t, s.verify, "function verifyWebhook(payload, signature, secret)")
	return s
}

// shell runs a command as it stands in a terminal. That curl shows the status too is told by its
// configuration, so that the command remains as it is written.
func shell(t *testing.T, command string) (status int, body string) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".curlrc"), []byte("silent\nshow-error\nmax-time = 15\nwrite-out = \"\\n%{http_code}\"\n"), 0o600))
	bash := exec.CommandContext(t.Context(), "bash", "-c", command)
	bash.Env = environ(map[string]string{"CURL_HOME": folder, "HOME": folder})
	var stderr bytes.Buffer
	bash.Stderr = &stderr
	output, err := bash.Output()
	require.NoError(t, err, "%s\n%s", command, &stderr)
	body, code, found := cutLast(string(output), "\n")
	require.True(t, found, "%s", output)
	status, err = strconv.Atoi(code)
	require.NoError(t, err, "%s", output)
	return status, body
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// place is where a running gateway is.
type place struct{ api, receiver string }

// tell runs the commands of the seed one after the other, as its reader does: wherever the document
// leaves an id to fill in, with an id that an earlier answer, or the page, showed.
func (s seed) tell(t *testing.T, at place) {
	t.Helper()
	begin := time.Now()
	next := 0
	do := func(wantStatus int, into any, fill ...string) {
		t.Helper()
		command := strings.NewReplacer(fill...).Replace(s.commands[next])
		next++
		status, body := shell(t, strings.ReplaceAll(command, "http://localhost:8000", at.api))
		require.Equal(t, wantStatus, status, "%s\n%s", command, body)
		require.NoError(t, json.Unmarshal([]byte(body), into), "%s\n%s", command, body)
	}

	var health map[string]string
	do(http.StatusOK, &health)
	require.Equal(t, map[string]string{"status": "ok"}, health)

	var paid resource
	do(http.StatusCreated, &paid)
	require.Equal(t, resource{ID: paid.ID, Object: "payment", Status: "pending", Amount: 50000}, paid)
	awaitStatus(t, at.api, "payments/"+paid.ID, "success")

	var refund resource
	do(http.StatusCreated, &refund, "<SUCCESS_PAYMENT_ID>", paid.ID)
	require.Equal(t, resource{ID: refund.ID, Object: "refund", Status: "pending", Amount: 10000, PaymentID: paid.ID}, refund)
	awaitStatus(t, at.api, "refunds/"+refund.ID, "processed")
	awaitWebhooks(t, at.receiver, "payment.created", "payment.success", "refund.created", "refund.processed")

	var logs list
	do(http.StatusOK, &logs)
	require.Len(t, logs.Data, 4)

	var retried resource
	do(http.StatusAccepted, &retried, "<WEBHOOK_ID>", logs.Data[0].ID)
	require.Equal(t, logs.Data[0].ID, retried.ID)
	wait(t, "the retried webhook comes again", func() (bool, error) {
		webhooks := received(t, at.receiver)
		return len(webhooks) == 5 && webhooks[0].Attempt == 2 && webhooks[0].EventType == logs.Data[0].EventType, nil
	})
	took, slowness := time.Since(begin), contention(t)
	t.Logf("the seed's commands took %s", took.Round(time.Millisecond))
	require.Less(t, took.Seconds(), 10*slowness)

	s.verifyAll(t, awaitWebhooks(t, at.receiver))
}

// verifyAll checks webhooks with the seed's own function, in Node, which is part of what the tests need.
func (s seed) verifyAll(t *testing.T, webhooks []receiver.Webhook) {
	t.Helper()
	const check = `
		const { webhooks, secret } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		console.log(JSON.stringify(webhooks.map(({ body, signature }) => verifyWebhook(JSON.parse(body), signature, secret))));`
	type signed struct {
		Body      string `json:"body"`
		Signature string `json:"signature"`
	}
	input := struct {
		Webhooks []signed `json:"webhooks"`
		Secret   string   `json:"secret"`
	}{Secret: demoSecret}
	wanted := make([]bool, 0, len(webhooks))
	for _, webhook := range webhooks {
		input.Webhooks = append(input.Webhooks, signed{webhook.Body, webhook.Headers.Get("X-Webhook-Signature")})
		wanted = append(wanted, true)
	}
	encoded, err := json.Marshal(input)
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", "--eval", s.verify+check)
	node.Stdin = bytes.NewReader(encoded)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	require.NoError(t, err, "running node: %s", &stderr)
	var held []bool
	require.NoError(t, json.Unmarshal(output, &held))
	require.Equal(t, wanted, held)
}

// The only test that needs the ports of the document, whose commands it runs letter by letter. It does not
// run in parallel with the others, because it measures too.
func TestSeedAsWritten(t *testing.T) {
	awaitTurn(t)
	for _, address := range servers(t) {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		require.NoError(t, err, "this test runs the commands of the documents as they are written, so %s must be free: stop what listens there, most likely a `paygate dev`", address)
		require.NoError(t, listener.Close())
	}
	f := measureDev(t, nil, func(at place) {
		require.Equal(t, place{"http://localhost:8000", "http://localhost:4000"}, at)
		readSeed(t).tell(t, at)
	})
	if !f.good() { // a hiccup is no habit
		f = measureDev(t, nil, func(place) {})
	}
	require.True(t, f.good(), "promised are %s, %s and %d MB; see above", firstStartBound, secondStartBound, memoryBoundMB)
}

// awaitTurn lets only one run of these tests on this machine have the documents' ports.
func awaitTurn(t *testing.T) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("paygate-e2e-ports-%d.lock", os.Getuid())), os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) }) // gives the turn to the next
	wait(t, "no other run of these tests uses the documents' ports", func() (bool, error) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		return err == nil, ignoring(err, syscall.EWOULDBLOCK)
	})
}

func ignoring(err, known error) error {
	if err == known { //nolint:errorlint // a bare errno
		return nil
	}
	return err
}
