package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is what /proc counts processor time in: USER_HZ, which is 100 on every Linux there is.
const clockTick = 10 * time.Millisecond

// process is a line of /proc/PID/stat (proc(5)).
type processStat struct {
	pid, parent int
	// used is its own processor time and that of its children that have ended.
	used time.Duration
}

func readStat(pid string) (processStat, error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return processStat{}, err
	}
	// The name in parentheses may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	number := func(field int) int { // by its number in proc(5)
		n, _ := strconv.Atoi(string(fields[field-3]))
		return n
	}
	self, err := strconv.Atoi(pid)
	if err != nil {
		return processStat{}, err
	}
	ticks := number(14) + number(15) + number(16) + number(17)
	return processStat{self, number(4), time.Duration(ticks) * clockTick}, nil
}

// usage is what a process and all its descendants have used.
type usage struct {
	cpu    time.Duration
	memory int64 // bytes, with what is shared counted once for all of them (Pss)
}

// usageOf reads the tree of processes under root.
func usageOf(root int) (usage, error) {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return usage{}, fmt.Errorf("error listing processes: %w", err)
	}
	children := map[int][]processStat{}
	var whole []processStat
	for _, entry := range entries {
		stat, err := readStat(filepath.Base(entry))
		if err != nil {
			continue // it has ended
		}
		children[stat.parent] = append(children[stat.parent], stat)
		if stat.pid == root {
			whole = append(whole, stat)
		}
	}
	var sum usage
	for i := 0; i < len(whole); i++ {
		sum.cpu += whole[i].used
		sum.memory += memoryOf(whole[i].pid)
		whole = append(whole, children[whole[i].pid]...)
	}
	return sum, nil
}

// memoryOf is a process's Pss, or 0 where we may not look.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10
		}
	}
	return 0
}

// usages is the usage of everything that takes part, by name.
type usages map[string]usage

// since returns what was used after an earlier look.
func (u usages) since(before usages) usages {
	out := usages{}
	for name, now := range u {
		out[name] = usage{cpu: now.cpu - before[name].cpu, memory: now.memory}
	}
	return out
}
