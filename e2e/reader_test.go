package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reader is somebody who does what a document says: in a folder like the working copy, at a terminal, with ids from
// earlier answers put in where the document leaves them out.
type reader struct {
	root, folder, home string
	environment        []string
	gateway            *program
	at                 place
	ports              *strings.Replacer
	ran                int

	// output is what the last block wrote; ids are the newest of each kind that this document's blocks showed.
	output string
	ids    map[string]string
}

// blanks are what documents leave to be filled in, by the prefix of the id that belongs there.
var blanks = map[string]string{
	"<ORDER_ID>": "order_", "<PAYMENT_ID>": "pay_", "<REFUND_ID>": "rfnd_", "<EVENT_ID>": "evt_",
	"<ENDPOINT_ID>": "we_", "<DELIVERY_ID>": "whd_", "<WEBHOOK_ID>": "whd_", "<TASK_ID>": "wht_",
}

// documentPorts are where `paygate dev` listens by itself, by what its introduction calls them.
var documentPorts = map[string]string{"API": "8000", "Dashboard": "3000", "Checkout": "3001", "Webhooks": "4000"}

func startReader(t *testing.T, root string) *reader {
	t.Helper()
	r := &reader{root: root, folder: t.TempDir(), home: t.TempDir()}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			require.NoError(t, os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(r.folder, entry.Name())))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.home, ".curlrc"), []byte("silent\nshow-error\nfail-with-body\nmax-time = 30\n"), 0o600))

	// Operators have the program installed.
	programs := filepath.Join(r.home, "bin")
	require.NoError(t, os.Mkdir(programs, 0o700))
	require.NoError(t, os.Symlink(binary, filepath.Join(programs, "paygate")))

	r.gateway = launch(t, r.folder, anyPorts(t), "dev")
	r.at = r.gateway.place(t)
	var ports []string
	for name, port := range documentPorts {
		url := r.gateway.says(t, `(?m)^  `+name+` +(http://localhost:\d+)`)[1]
		ports = append(ports, "http://localhost:"+port, url)
	}
	r.ports = strings.NewReplacer(ports...)
	path := programs + string(filepath.ListSeparator) + os.Getenv("PATH") //nolint:forbidigo // as a shell has it
	r.environment = append(environ(map[string]string{"HOME": r.home, "PAYGATE_URL": r.at.api, "PATH": path}), goSettings(t)...)
	return r
}

// turn begins a document.
func (r *reader) turn() { r.output, r.ids = "", map[string]string{} }

// typed is what a reader types for a block of a document.
func (r *reader) typed(t *testing.T, b block) string {
	t.Helper()
	code := b.code
	for blank, prefix := range blanks {
		if strings.Contains(code, blank) {
			require.NotEmpty(t, r.ids[prefix], "%s: nothing above shows what to put in for %s", b.name(), blank)
			code = strings.ReplaceAll(code, blank, r.ids[prefix])
		}
	}
	require.NotRegexp(t, `<[A-Z_]+>`, code, "%s leaves out what nobody knows", b.name())
	code = strings.ReplaceAll(code, "go run ./cmd/paygate", binary) // which is what that compiles
	return r.ports.Replace(code)
}

// do does what a block says.
func (r *reader) do(t *testing.T, b block) {
	t.Helper()
	switch b.language {
	case "bash":
		r.shell(t, b)
	case "json":
		r.compare(t, b)
	case "text":
		r.compareText(t, b)
	case "js":
		r.script(t, b, "block.mjs", "node")
	case "python":
		r.script(t, b, "block.py", "python3")
	default:
		require.Fail(t, "a block in a language that nothing runs", "%s: %s", b.name(), b.language)
	}
}

func (r *reader) shell(t *testing.T, b block) {
	t.Helper()
	if b.wait != "" {
		awaitStatus(t, r.at.api, "payments/"+r.ids["pay_"], b.wait)
	}
	output, err := r.run(t, "bash", "-euo", "pipefail", "-c", r.typed(t, b))
	if b.status == "" {
		require.NoError(t, err, "%s: %s\n%s", b.name(), b.code, output)
	} else {
		// curl says 22 when it is told to fail on an answer of 400 or above, and fail it must.
		failure, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok && failure.ExitCode() == 22, "%s: is not refused: %v\n%s", b.name(), err, output)
		require.Contains(t, output, "returned error: "+b.status, b.name())
	}
	r.output = output
	for _, prefix := range blanks {
		// The first of a kind in an answer is what it is about, and what a list has last is where its page ends.
		if id := regexp.MustCompile(`"id": ?"(`+prefix+`[0-9A-Za-z]+)"`).FindAllStringSubmatch(output, -1); id != nil {
			r.ids[prefix] = id[len(id)-1][1]
		}
	}
}

// run runs a program as a shell of the reader would, and returns all that it wrote.
func (r *reader) run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	r.ran++
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = r.folder
	command.Env = r.environment
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	return output.String(), err
}

// goSettings keep Go from compiling and downloading everything again because HOME is another.
func goSettings(t *testing.T) []string {
	t.Helper()
	names := []string{"GOCACHE", "GOFLAGS", "GOMODCACHE", "GOPROXY", "GOSUMDB"}
	values, err := exec.CommandContext(t.Context(), "go", append([]string{"env"}, names...)...).Output()
	require.NoError(t, err)
	settings := strings.Split(strings.TrimRight(string(values), "\n"), "\n")
	for i, name := range names {
		settings[i] = name + "=" + settings[i]
	}
	return settings
}

// compare holds what a document shows against the JSON in the last output.
func (r *reader) compare(t *testing.T, b block) {
	t.Helper()
	var shown, answered any
	require.NoError(t, json.Unmarshal([]byte(b.code), &shown), b.name())
	start := strings.IndexAny(r.output, "{[")
	require.GreaterOrEqual(t, start, 0, "%s shows an answer, and nothing above has one: %q", b.name(), r.output)
	require.NoError(t, json.NewDecoder(strings.NewReader(r.output[start:])).Decode(&answered), "%s: %s", b.name(), r.output)
	require.NoError(t, like(shown, answered), "%s: %s", b.name(), r.output)
	r.ran++
}

func (r *reader) compareText(t *testing.T, b block) {
	t.Helper()
	require.Regexp(t, elided(b.code, word), r.output, b.name())
	r.ran++
}

// script runs a block as a module of its own, from the top of the working copy.
func (r *reader) script(t *testing.T, b block, file, interpreter string) {
	t.Helper()
	code := r.ports.Replace(b.code)
	if interpreter == "node" && strings.Contains(code, "require(") {
		file = strings.TrimSuffix(file, ".mjs") + ".cjs"
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, file), []byte(code), 0o600))
	output, err := r.run(t, interpreter, file)
	require.NoError(t, err, "%s\n%s", b.name(), output)
	r.output = output
}

// goPrograms compiles all blocks in Go at once, against the packages that they name, and runs those that are programs.
func (r *reader) goPrograms(t *testing.T, blocks []block) {
	t.Helper()
	// Its folder must be inside the module.
	folder, err := os.MkdirTemp(".", "snippets")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	for i, b := range blocks {
		code := r.ports.Replace(b.code)
		require.Contains(t, code, "package ", "%s is no whole file", b.name())
		if !strings.Contains(code, "func main()") {
			// A function that nobody calls is as a library's.
			code = strings.Replace(code, "package main\n", "package snippet\n", 1)
		}
		name := filepath.Join(folder, fmt.Sprintf("block%d", i), "block.go")
		require.NoError(t, os.Mkdir(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte("//line "+b.document+":"+fmt.Sprint(b.line+1)+"\n"+code), 0o600))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", r.home, "./"+folder+"/...")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for i, b := range blocks {
		if strings.Contains(b.code, "func main()") {
			output, err := r.run(t, filepath.Join(r.home, fmt.Sprintf("block%d", i)))
			require.NoError(t, err, "%s\n%s", b.name(), output)
		}
	}
	r.ran += len(blocks)
}
