package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// clockVariable names the file that sets the clock of a build whose clock can be set.
const clockVariable = "PAYGATE_CHAOS_CLOCK"

// release is one version of the gateway: as it is, and the same with a clock that can be set.
type release struct{ plain, clocked string }

// of is the binary that a member runs.
func (v release) of(m *member) string {
	if m.clock != "" {
		return v.clocked
	}
	return v.plain
}

// builds are the versions of the gateway that a run needs.
type builds struct {
	first release
	// upgrades has room for all that will be built; they are, while the first is running.
	upgrades chan release
	// wait returns when nothing is being built any more.
	wait func()
}

// builder builds the gateway with files put in place of, or beside, those of the module. The module itself is left
// alone.
type builder struct {
	root, dir string
	log       *journal
	upgrading sync.WaitGroup
}

func build(ctx context.Context, dir string, o options, log *journal) (*builds, error) {
	given, err := filepath.Abs(o.gateway)
	if err != nil {
		return nil, fmt.Errorf("error finding %s: %w", o.gateway, err)
	}
	b := &builds{first: release{plain: given}, wait: func() {}}
	if o.mutation == "" && !o.clock && o.upgrades == 0 {
		return b, nil
	}
	root, err := output(ctx, "", "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	builder := &builder{root: root, dir: dir, log: log}
	replaced := map[string]string{}
	if o.mutation != "" {
		if replaced, err = builder.mutation(ctx, o.mutation); err != nil {
			return nil, err
		}
		if b.first.plain, err = builder.build(ctx, "paygate-"+o.mutation, replaced); err != nil {
			return nil, err
		}
	}
	if o.clock {
		if b.first.clocked, err = builder.buildClocked(ctx, "paygate-clock", replaced); err != nil {
			return nil, err
		}
	}
	b.upgrades = make(chan release, o.upgrades)
	work := &builder.upgrading
	work.Go(func() {
		if err := builder.buildUpgrades(ctx, o, replaced, b.upgrades); err != nil && ctx.Err() == nil {
			log.say("no more releases to upgrade to: %v", err)
		}
	})
	b.wait = work.Wait
	return b, nil
}

// buildUpgrades builds the next releases, each of which has the migrations of those before it.
func (b *builder) buildUpgrades(ctx context.Context, o options, replaced map[string]string, built chan<- release) error {
	for n := range o.upgrades {
		migration, path, err := b.migration(n)
		if err != nil {
			return err
		}
		replaced[migration] = path
		var next release
		if next.plain, err = b.build(ctx, fmt.Sprintf("paygate-next%d", n+1), replaced); err != nil {
			return err
		}
		if o.clock {
			if next.clocked, err = b.buildClocked(ctx, fmt.Sprintf("paygate-next%d-clock", n+1), replaced); err != nil {
				return err
			}
		}
		built <- next
	}
	return nil
}

// build compiles the gateway with some files replaced.
func (b *builder) build(ctx context.Context, name string, replaced map[string]string) (string, error) {
	b.log.say("building %s", name)
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", fmt.Errorf("error encoding an overlay: %w", err)
	}
	file, binary := filepath.Join(b.dir, name+".json"), filepath.Join(b.dir, name)
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", fmt.Errorf("error writing an overlay: %w", err)
	}
	_, err = output(ctx, b.root, "go", "build", "-overlay", file, "-o", binary, "./cmd/paygate")
	return binary, err
}

// The migrations of the next releases. They do what rolling upgrades may do: add, in ways that old binaries do not see.
var nextMigrations = []string{
	`ALTER TABLE payments ADD COLUMN chaos_note text NOT NULL DEFAULT 'before the upgrade';
CREATE TABLE chaos_notes (payment_id text PRIMARY KEY REFERENCES payments (id), note text NOT NULL);`,
	`ALTER TABLE payments ADD COLUMN chaos_rank integer CHECK (chaos_rank > 0);
ALTER TABLE webhook_deliveries ADD COLUMN chaos_note text;
CREATE INDEX chaos_payments_rank ON payments (chaos_rank) WHERE chaos_rank IS NOT NULL;`,
}

// migration writes the n-th of the next releases' migrations.
func (b *builder) migration(n int) (in, path string, err error) {
	if n >= len(nextMigrations) {
		return "", "", fmt.Errorf("there are %d next releases", len(nextMigrations))
	}
	name := fmt.Sprintf("9900%d_chaos.sql", n)
	path = filepath.Join(b.dir, name)
	text := "-- +goose Up\nSET LOCAL lock_timeout = '5s';\n" + nextMigrations[n] + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", "", fmt.Errorf("error writing a migration: %w", err)
	}
	return filepath.Join(b.root, "db", "migrations", name), path, nil
}

// The clock that can be set: time.Now adds some seconds, which the binary reads from a file. Neither faketime nor a time
// namespace could do it, for Go reads the clock without the C library, and namespaces have no clock of days.
const (
	clockNow = "sec, nsec, mono := runtimeNow()\n"
	// In the package time, beside Now.
	clockShift = `

var chaosShift int64

// ChaosShift sets by how many seconds Now is wrong.
func ChaosShift(seconds int64) { atomic.StoreInt64(&chaosShift, seconds) }
`
	// In the command.
	clockSource = `package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

func init() {
	go func() {
		for {
			text, _ := os.ReadFile(os.Getenv("` + clockVariable + `"))
			if seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				time.ChaosShift(seconds)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
}
`
)

// buildClocked is build with a clock that can be set.
func (b *builder) buildClocked(ctx context.Context, name string, replaced map[string]string) (string, error) {
	goroot, err := output(ctx, "", "go", "env", "GOROOT")
	if err != nil {
		return "", err
	}
	original := filepath.Join(goroot, "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", fmt.Errorf("error reading Go's clock: %w", err)
	}
	patched := strings.Replace(string(text), clockNow, clockNow+"\tsec += atomic.LoadInt64(&chaosShift)\n", 1)
	patched = strings.Replace(patched, "\t\"math/bits\"\n", "\t\"math/bits\"\n\t\"sync/atomic\"\n", 1)
	if strings.Count(patched, "atomic") != 2 {
		return "", errors.New("this version of Go reads the clock in another way: see clockNow, or run with -clock=false")
	}
	with := map[string]string{}
	maps.Copy(with, replaced)
	for path, source := range map[string]string{original: patched + clockShift, filepath.Join(b.root, "cmd", "paygate", "chaos_clock.go"): clockSource} {
		file := filepath.Join(b.dir, filepath.Base(path))
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			return "", fmt.Errorf("error writing a source file: %w", err)
		}
		with[path] = file
	}
	return b.build(ctx, name, with)
}

// output runs a program and returns what it printed.
func output(ctx context.Context, dir, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = dir
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("error running %s %s: %w\n%s", name, strings.Join(arguments, " "), err, failure.String())
	}
	return strings.TrimSpace(string(out)), nil
}
