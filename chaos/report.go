package main

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"
)

// mostShown is how many broken promises of each kind are shown.
const mostShown = 8

// report is the results as Markdown.
func (f *findings) report(o options) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("Seed %d, %s of faults, %s, %d cores, %s. %d payments were asked for; %d faults of %d kinds; quiet %.0f s after the last payment.",
		o.seed, o.duration, time.Now().UTC().Format("2 January 2006 15:04 UTC"), runtime.NumCPU(), runtime.Version(),
		f.rig.traffic.seen(), len(f.made), len(f.kinds()), f.quietAfter.Seconds())
	f.reportFaults(line)
	f.reportFailovers(line)
	f.reportAnswers(line)
	f.reportChecks(line)
	return b.String()
}

func (f *findings) kinds() map[*kind][]made {
	of := map[*kind][]made{}
	for _, m := range f.made {
		of[m.kind] = append(of[m.kind], m)
	}
	return of
}

func (f *findings) reportFaults(line func(string, ...any)) {
	line("")
	line("| fault | times | lasted, s | recovery | median, s | worst, s | longest silence, s |")
	line("|---|---:|---:|---|---:|---:|---:|")
	of := f.kinds()
	for _, k := range kinds {
		faults := of[k]
		if len(faults) == 0 {
			continue
		}
		var recoveries, silences, lengths []time.Duration
		for _, m := range faults {
			recoveries, silences, lengths = append(recoveries, m.recovery), append(silences, m.silence), append(lengths, m.length)
		}
		slices.Sort(recoveries)
		lasted := fmt.Sprintf("%.0f–%.0f", slices.Min(lengths).Seconds(), slices.Max(lengths).Seconds())
		median, worst := "", ""
		if k.recovery != "" {
			median = fmt.Sprintf("%.2f", recoveries[len(recoveries)/2].Seconds())
			worst = fmt.Sprintf("%.2f", recoveries[len(recoveries)-1].Seconds())
		}
		line("| %s | %d | %s | %s | %s | %s | %.2f |", k.name, len(faults), lasted, k.recovery, median, worst, slices.Max(silences).Seconds())
	}
}

// reportFailovers tells what the stores took, which is not the gateway's doing.
func (f *findings) reportFailovers(line func(string, ...any)) {
	f.rig.failoversMu.Lock()
	defer f.rig.failoversMu.Unlock()
	if len(f.rig.failovers) == 0 {
		return
	}
	line("")
	line("| failover | times | another primary after, median, s | worst, s | the old one follows it after, median, s | worst, s |")
	line("|---|---:|---:|---:|---:|---:|")
	for _, k := range kinds {
		var promoted, rejoined []time.Duration
		for _, o := range f.rig.failovers {
			if o.kind == k {
				promoted, rejoined = append(promoted, o.promoted), append(rejoined, o.rejoined)
			}
		}
		if n := len(promoted); n > 0 {
			slices.Sort(promoted)
			slices.Sort(rejoined)
			line("| %s | %d | %.2f | %.2f | %.2f | %.2f |", k.name, n,
				promoted[n/2].Seconds(), promoted[n-1].Seconds(), rejoined[n/2].Seconds(), rejoined[n-1].Seconds())
		}
	}
}

func (f *findings) reportAnswers(line func(string, ...any)) {
	c, s := f.rig.client, f.rig.sink
	p50, p99, most := c.percentile(.5), c.percentile(.99), c.percentile(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	line("")
	line("Answers by status:")
	line("")
	line("| status | requests |")
	line("|---|---:|")
	for _, status := range sorted(c.statuses) {
		name := fmt.Sprintf("%d %s", status, http.StatusText(status))
		if status == 0 {
			name = "none: the connection broke, or there was none"
		}
		line("| %s | %d |", name, c.statuses[status])
	}
	line("")
	line("Half of all answers came within %.0f ms, 99 of 100 within %.0f ms, the last after %.1f s; %d requests got none within %s.",
		float64(p50.Microseconds())/1000, float64(p99.Microseconds())/1000, most.Seconds(), c.hangs, patience)
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for _, box := range s.inboxes {
		taken += len(box.receipts)
	}
	line("%d events; %d webhooks were taken, %d of them again, which at-least-once allows.", f.events, taken+s.repeated, s.repeated)
}

func sorted[V any](m map[int]V) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare)
	return keys
}

func (f *findings) reportChecks(line func(string, ...any)) {
	line("")
	line("| promise | looked at | broken |")
	line("|---|---:|---:|")
	for _, c := range f.checks {
		line("| %s | %d | %d |", c.meaning, c.count, len(c.broken))
	}
	for _, c := range f.checks {
		if len(c.broken) == 0 {
			continue
		}
		line("")
		line("Broken: %s", c.meaning)
		line("")
		for _, text := range c.broken[:min(len(c.broken), mostShown)] {
			line("- %s", text)
		}
		if more := len(c.broken) - mostShown; more > 0 {
			line("- and %d more", more)
		}
	}
}
