package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// notRun are the blocks of the documents that TestDocuments does not run, by document and first line, and why.
var notRun = map[string]string{
	"README.md: go run ./cmd/paygate dev   # everything, with only Go installed: embedded Postgres, in-process Redis, demo data": "this test starts it, and is part of the other command",
	"docs/operations.md: apiVersion: postgresql.cnpg.io/v1":                                                                      "a manifest for a cluster with CloudNativePG",
	"docs/operations.md: [databases]":                                              "TestAPIBehindPgBouncer has the same settings",
	"docs/webhooks.md: paygate listen --forward-to http://localhost:8080/webhooks": "it runs until it is stopped; the tests of cmd/paygate run it",
	"docs/getting-started.md: go run ./cmd/paygate dev":                            "this test starts it",
}

// notRunIn are the languages whose blocks are not run, and why.
var notRunIn = map[string]string{
	"mermaid": "a drawing",
	"html":    "e2e/checkout shows such pages in Chromium",
	"http":    "an illustration of a message",
	"php":     "webhooks runs it where there is PHP",
	"ruby":    "webhooks runs it where there is Ruby",
	"java":    "webhooks runs it where there is Java",
}

// block is what stands between fences in a document.
type block struct {
	document, language, code string
	line                     int
	// status is the HTTP status that the last command of a shell block gets when it is refused; 0 for none.
	status string
	// wait is the state that the payment of a shell block must have reached before the block is run.
	wait string
}

func (b block) name() string { return fmt.Sprintf("%s:%d", b.document, b.line) }

func (b block) firstLine() string {
	first, _, _ := strings.Cut(b.code, "\n")
	return strings.TrimSpace(first)
}

var fence = regexp.MustCompile("(?m)^ *```")

var fenced = regexp.MustCompile("(?ms)^( {0,3})```([^\n]*)\n(.*?)^ {0,3}```$")

func blocksOf(t *testing.T, root, document string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, document))
	require.NoError(t, err)
	var all []block
	for _, at := range fenced.FindAllSubmatchIndex(text, -1) {
		info := strings.Fields(string(text[at[4]:at[5]]))
		require.NotEmpty(t, info, "%s: a block says no language", document)
		b := block{document: document, language: info[0], code: string(text[at[6]:at[7]]), line: strings.Count(string(text[:at[0]]), "\n") + 1}
		for _, option := range info[1:] {
			name, value, _ := strings.Cut(option, "=")
			switch name {
			case "status":
				b.status = value
			case "wait":
				b.wait = value
			default:
				require.Fail(t, "unknown option of a block", "%s: %s", b.name(), option)
			}
		}
		all = append(all, b)
	}
	require.Equal(t, len(fence.FindAll(text, -1)), 2*len(all), "%s: a block is not closed, or not seen", document)
	return all
}

// TestDocuments does everything that the documents tell their readers to do, in the order of each document, with the
// gateway that `paygate dev` runs: shell, Go, JavaScript and Python are run, JSON is held against the answer above it.
func TestDocuments(t *testing.T) {
	t.Parallel()

	root, err := filepath.Abs("..")
	require.NoError(t, err)
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		found, err := fs.Glob(os.DirFS(root), pattern)
		require.NoError(t, err)
		documents = append(documents, found...)
	}
	r := startReader(t, root)
	unused := maps.Clone(notRun)
	var programs []block
	for _, document := range documents {
		t.Run(document, func(t *testing.T) {
			r.turn()
			for _, b := range blocksOf(t, root, document) {
				exception := document + ": " + b.firstLine()
				switch {
				case notRun[exception] != "":
					delete(unused, exception)
				case b.language == "go":
					programs = append(programs, b)
				case notRunIn[b.language] == "":
					r.do(t, b)
				}
			}
		})
	}
	t.Run("Go", func(t *testing.T) { r.goPrograms(t, programs) })
	require.Empty(t, unused, "these exceptions are about blocks that are gone")
	require.Greater(t, r.ran, 20, "the documents have another form than expected")
}

// word is what an ellipsis stands for in the output of programs.
const word = `\S*`

// like tells whether an answer is what a document shows: it may have more members, and where the document has an
// ellipsis anything may stand.
func like(shown, answered any) error {
	switch shown := shown.(type) {
	case map[string]any:
		members, ok := answered.(map[string]any)
		if !ok {
			return fmt.Errorf("shown is an object, answered %v", answered)
		}
		for _, name := range slices.Sorted(maps.Keys(shown)) {
			value, ok := members[name]
			if !ok {
				return fmt.Errorf("the answer has no %q", name)
			}
			if err := like(shown[name], value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case []any:
		items, ok := answered.([]any)
		if !ok || len(items) < len(shown) {
			return fmt.Errorf("shown are %d items, answered %v", len(shown), answered)
		}
		for i := range shown {
			if err := like(shown[i], items[i]); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	case string:
		if text, ok := answered.(string); ok && elided(shown, ".*").MatchString(text) {
			return nil
		}
	}
	if shown != answered {
		return fmt.Errorf("shown is %v, answered %v", shown, answered)
	}
	return nil
}

// elided matches what a text stands for in which ellipses stand for what an expression matches.
func elided(text, anything string) *regexp.Regexp {
	parts := strings.Split(text, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^\s*` + strings.Join(parts, anything) + `\s*$`)
}

func TestLike(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		shown, answered string
		like            bool
	}{
		{`{"id": "pay_…", "amount": 1}`, `{"id": "pay_123", "amount": 1, "status": "pending"}`, true},
		{`{"id": "pay_…"}`, `{"id": "order_123"}`, false},
		{`{"id": "pay_…"}`, `{}`, false},
		{`{"amount": 1}`, `{"amount": 2}`, false},
		{`{"amount": 1}`, `{"amount": "1"}`, false},
		{`{"data": [{"a": true}]}`, `{"data": [{"a": true, "b": null}, {}]}`, true},
		{`{"data": [{}, {}]}`, `{"data": [{}]}`, false},
		{`{"none": null}`, `{"none": 0}`, false},
	} {
		var shown, answered any
		require.NoError(t, json.Unmarshal([]byte(c.shown), &shown))
		require.NoError(t, json.Unmarshal([]byte(c.answered), &answered))
		require.Equal(t, c.like, like(shown, answered) == nil, "%s and %s", c.shown, c.answered)
	}
	require.True(t, elided("Payment pay_… of 5 is pending.\n", word).MatchString("Payment pay_17 of 5 is pending.\n"))
	require.False(t, elided("Payment pay_… of 5 is pending.\n", word).MatchString("Payment pay_17 of 6 is pending.\n"))
}
