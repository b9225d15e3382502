package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed mutations/*.patch
var patches embed.FS

// mutant is a defect that was made on purpose, and the circumstances that bring it to light.
type mutant struct {
	name   string
	faults string
	// The other settings of its run.
	rate float64
}

// Each defect is one that a careful person might write. The suite has to find all of them.
var mutants = []mutant{
	{"acknowledge-before-commit", "postgres-terminate,postgres-kill9,postgres-disk-full,postgres-link-cut,postgres-link-mute", 60},
	{"commit-before-enqueue", "api-kill9,postgres-terminate,postgres-link-cut,postgres-kill9", 60},
	{"refund-check-outside-the-transaction", "postgres-link-slow,redis-flush", 40},
	{"idempotency-in-redis-alone", "redis-flush,redis-restart,redis-link-cut", 40},
	{"settle-without-guard", "jobs-run-twice", 40},
}

// mutation makes files of the module with a defect in them, out of a patch, and returns what they stand in for. The
// module itself stays as it is.
func (b *builder) mutation(ctx context.Context, name string) (map[string]string, error) {
	patch, err := patches.ReadFile("mutations/" + name + ".patch")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no mutation %q", name)
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a mutation: %w", err)
	}
	folder := filepath.Join(b.dir, "mutation-"+name)
	replaced := map[string]string{}
	for line := range strings.SplitSeq(string(patch), "\n") {
		path, ok := strings.CutPrefix(line, "+++ ")
		if !ok {
			continue
		}
		from, to := filepath.Join(b.root, path), filepath.Join(folder, path)
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("error copying a file to mutate: %w", err)
		}
		replaced[from] = to
	}
	// Outside of any repository, for git would leave out what it thinks is not in the folder.
	command := exec.CommandContext(ctx, "git", "apply", "-p0", "--recount", "-C1", "-")
	command.Dir, command.Stdin = folder, strings.NewReader(string(patch))
	command.Env = []string{"PATH=" + "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(folder)}
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the mutation %s does not fit the code any more: %w\n%s", name, err, out)
	}
	return replaced, nil
}

// runMutants runs every mutant, and fails when one gets through.
func runMutants(ctx context.Context, o options, out io.Writer) error {
	var survived []string
	for _, m := range mutants {
		if o.mutation != "all" && o.mutation != m.name {
			continue
		}
		its := o
		its.mutation, its.faults, its.rate = m.name, m.faults, m.rate
		its.duration, its.pause, its.quiet = 40*time.Second, 3*time.Second, 90*time.Second
		its.clock, its.upgrades = false, 0
		results, err := runOnce(ctx, its, out)
		switch {
		case err != nil:
			return fmt.Errorf("error running the mutant %s: %w", m.name, err)
		case results.wrong() == 0:
			survived = append(survived, m.name)
		default:
			_, _ = fmt.Fprintf(out, "\nmutant %s: FOUND, %d promises broken\n\n", m.name, results.wrong()) // nobody to tell
		}
	}
	if len(survived) > 0 {
		return fmt.Errorf("these mutants got through: %s", strings.Join(survived, ", "))
	}
	return nil
}
