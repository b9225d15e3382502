package main

import (
	"bytes"
	"context"
	_ "embed" // the script
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

//go:embed floor.sql
var floorScript []byte

// floor is what Postgres alone does with one transaction for each payment.
type floor struct {
	rate float64       // payments a second
	mean time.Duration // of one transaction
}

var (
	floorRate = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	floorMean = regexp.MustCompile(`(?m)^latency average = ([0-9.]+) ms`)
)

// measureFloor runs pgbench with prepared statements against a database of its own.
func (r *rig) measureFloor(ctx context.Context, clients int) (floor, error) {
	script := filepath.Join(r.dir, "floor.sql")
	if err := os.WriteFile(script, floorScript, 0o600); err != nil {
		return floor{}, fmt.Errorf("error writing pgbench's script: %w", err)
	}
	r.floors++
	command := exec.CommandContext(ctx, r.pgbench,
		"--no-vacuum", "--protocol=prepared", "--file="+script, "--client="+strconv.Itoa(clients), "--jobs=2",
		"--time="+strconv.Itoa(int(r.phase.Seconds())), "--define=n=0", "--define=run="+strconv.Itoa(r.floors), r.floorURL)
	out, err := command.CombinedOutput()
	if err != nil {
		return floor{}, fmt.Errorf("error running pgbench: %w\n%s", err, out)
	}
	if bytes.Contains(out, []byte("actually processed: 0\n")) {
		return floor{0, r.phase}, nil // the machine is far too busy with something else
	}
	rate, mean := floorRate.FindSubmatch(out), floorMean.FindSubmatch(out)
	if rate == nil || mean == nil {
		return floor{}, fmt.Errorf("error reading what pgbench printed:\n%s", out)
	}
	perSecond, err := strconv.ParseFloat(string(rate[1]), 64)
	if err != nil {
		return floor{}, fmt.Errorf("error reading pgbench's rate: %w", err)
	}
	ms, err := strconv.ParseFloat(string(mean[1]), 64)
	if err != nil {
		return floor{}, fmt.Errorf("error reading pgbench's latency: %w", err)
	}
	return floor{perSecond, time.Duration(ms * float64(time.Millisecond))}, nil
}
