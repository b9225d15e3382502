package webhooks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

// received is a delivery as it came over the wire.
type received struct {
	Headers map[string]string `json:"headers"` // names in lower case
	Body    string            `json:"body"`
	header  http.Header
}

// deliver sends one message in the way of every delivery, signed with all secrets.
func deliver(t *testing.T, secrets ...signature.Secret) received {
	t.Helper()
	got := received{Headers: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Body, got.header = string(body), r.Header.Clone()
	}))
	defer server.Close()
	m := message{url: server.URL, eventID: "evt_1", body: `{"id":"evt_1","type":"payment.success","data":{"note":"<b>&</b> ₹ 🎉"}}`, secrets: secrets}
	result := send(t, NewGuard(GuardOptions{AllowHTTP: true, AllowCIDRs: allowLoopback}), 10*time.Second, m)
	require.Empty(t, result.class, result.message)
	for name := range got.header {
		got.Headers[strings.ToLower(name)] = got.header.Get(name)
	}
	return got
}

// trial is one delivery and what a receiver with a secret should say of it.
type trial struct {
	received
	Secret  string `json:"secret"`
	Genuine bool   `json:"genuine"`
}

// trials covers one secret, a rotation (a receiver may hold either), another's secret, a changed body, and a
// delivery that was recorded and sent again later.
func trials(t *testing.T) []trial {
	t.Helper()
	before, after := signature.GenerateSecret(), signature.GenerateSecret()
	plain, rotating := deliver(t, before), deliver(t, after, before)
	changed := plain
	changed.Body = strings.Replace(plain.Body, "success", "failure", 1)
	stale := received{Headers: map[string]string{}, Body: plain.Body, header: http.Header{}}
	require.NoError(t, signature.Sign(stale.header, "evt_1", time.Now().Add(-6*time.Minute), []byte(plain.Body), before))
	for name := range stale.header {
		stale.Headers[strings.ToLower(name)] = stale.header.Get(name)
	}
	return []trial{
		{plain, before.Reveal(), true},
		{rotating, before.Reveal(), true},
		{rotating, after.Reveal(), true},
		{plain, after.Reveal(), false},
		{changed, before.Reveal(), false},
		{stale, before.Reveal(), false},
	}
}

func TestReferenceLibraryGo(t *testing.T) {
	t.Parallel()

	for i, c := range trials(t) {
		library, err := standardwebhooks.NewWebhook(c.Secret)
		require.NoError(t, err)
		require.Equal(t, c.Genuine, library.Verify([]byte(c.Body), c.header) == nil, "trial %d", i)
	}
}

// runIn runs a program that reads trials as JSON and prints a list of booleans.
func runIn(t *testing.T, folder string, cases []trial, program string, args ...string) {
	t.Helper()
	input, err := json.Marshal(cases)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir, command.Stdin = folder, bytes.NewReader(input)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(t, err, "%s: %s", program, &stderr)
	var verdicts, want []bool
	require.NoError(t, json.Unmarshal(output, &verdicts), "%s", output)
	for _, c := range cases {
		want = append(want, c.Genuine)
	}
	require.Equal(t, want, verdicts)
}

func TestReferenceLibraryNode(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		text, err := os.ReadFile(filepath.Join("testdata", "standardwebhooks", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--prefer-offline")
	install.Dir = folder
	output, err := install.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "verify.cjs"), []byte(`
		const { Webhook } = require('standardwebhooks');
		const trials = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		console.log(JSON.stringify(trials.map(({ headers, body, secret }) => {
			try { new Webhook(secret).verify(body, headers); return true } catch { return false }
		})));`), 0o600))
	runIn(t, folder, trials(t), "node", "verify.cjs")
}

// snippet is the code under a heading of docs/webhooks.md.
func snippet(t *testing.T, language, fence string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "webhooks.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "### "+language+"\n\n```"+fence+"\n")
	require.True(t, found, "docs/webhooks.md has no snippet for %s", language)
	code, _, _ := strings.Cut(section, "\n```\n")
	return code + "\n"
}

// present tells whether a program that is not required is here.
func present(t *testing.T, program string) bool {
	t.Helper()
	_, err := exec.LookPath(program)
	if err != nil {
		t.Logf("%s is not here: the snippet that needs it is not run", program)
	}
	return err == nil
}

// TestSnippets runs what docs/webhooks.md tells receivers to do. Node and Python must be there; of the others
// those run whose runtime is.
func TestSnippets(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		language, fence, file, after string
		before                       string
		run                          []string
		optional                     bool
	}{
		{language: "Node", fence: "js", file: "verify.mjs", run: []string{"node"}, after: `
			import { readFileSync } from 'node:fs';
			const trials = JSON.parse(readFileSync(0, 'utf8'));
			console.log(JSON.stringify(trials.map((t) => verify(t.secret, t.headers, t.body))));`},
		{language: "Python", fence: "python", file: "verify.py", run: []string{"python3"}, after: `
import json, sys
print(json.dumps([verify(t["secret"], t["headers"], t["body"].encode()) for t in json.load(sys.stdin)]))
`},
		{language: "PHP", fence: "php", file: "verify.php", run: []string{"php"}, optional: true, before: "<?php\n", after: `
echo json_encode(array_map(fn ($t) => verify($t['secret'], $t['headers'], $t['body']), json_decode(file_get_contents('php://stdin'), true)));
`},
		{language: "Ruby", fence: "ruby", file: "verify.rb", run: []string{"ruby"}, optional: true, after: `
require "json"
puts JSON.generate(JSON.parse($stdin.read).map { |t| verify(t["secret"], t["headers"], t["body"]) })
`},
	} {
		code := c.before + snippet(t, c.language, c.fence) + c.after
		if c.optional && !present(t, c.run[0]) {
			continue
		}
		t.Run(c.language, func(t *testing.T) {
			t.Parallel()

			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, c.file), []byte(code), 0o600))
			runIn(t, folder, trials(t), c.run[0], append(c.run[1:], c.file)...)
		})
	}

	// Java has no JSON of its own: its trials come as lines.
	java := snippet(t, "Java", "java")
	t.Run("Java", func(t *testing.T) {
		t.Parallel()

		if !present(t, "javac") {
			return
		}
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "Webhooks.java"), []byte(java), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "Run.java"), []byte(`
			import java.io.*; import java.nio.charset.StandardCharsets; import java.util.*;
			class Run { public static void main(String[] args) throws Exception {
				BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
				for (String line; (line = in.readLine()) != null;) {
					String[] f = line.split("\t");
					System.out.println(Webhooks.verify(f[0], Map.of("webhook-id", f[1], "webhook-timestamp", f[2], "webhook-signature", f[3]), f[4].getBytes(StandardCharsets.UTF_8)));
				} } }`), 0o600))
		build := exec.CommandContext(t.Context(), "javac", "-encoding", "UTF-8", "Webhooks.java", "Run.java")
		build.Dir = folder
		output, err := build.CombinedOutput()
		require.NoError(t, err, "%s", output)
		var input, want strings.Builder
		for _, c := range trials(t) {
			input.WriteString(strings.Join([]string{c.Secret, c.Headers["webhook-id"], c.Headers["webhook-timestamp"], c.Headers["webhook-signature"], c.Body}, "\t") + "\n")
			want.WriteString(map[bool]string{true: "true\n", false: "false\n"}[c.Genuine])
		}
		command := exec.CommandContext(t.Context(), "java", "-cp", ".", "Run")
		command.Dir, command.Stdin = folder, strings.NewReader(input.String())
		output, err = command.Output()
		require.NoError(t, err)
		require.Equal(t, want.String(), string(output))
	})

	// The one for Go compiles against the package that it names.
	t.Run("Go", func(t *testing.T) {
		t.Parallel()

		folder, err := os.MkdirTemp(".", "snippet")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
		code := strings.Replace(snippet(t, "Go", "go"), "package main", "package snippet", 1) + "\nvar _ = receive\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, "receive.go"), []byte(code), 0o600))
		output, err := exec.CommandContext(t.Context(), "go", "vet", "./"+folder).CombinedOutput()
		require.NoError(t, err, "%s", output)
	})
}
