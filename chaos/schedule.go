package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// fault is one thing that is going to go wrong.
type fault struct {
	kind *kind
	// at is when, from the start.
	at time.Duration
	// length is how long the trouble lasts.
	length time.Duration
	// target is which of two processes, 0 or 1, or -1 for both, where that makes a difference.
	target int
	// variant is one more choice that a kind may have.
	variant int
}

func (f fault) String() string {
	text := fmt.Sprintf("%7.1fs  %-26s %5.1fs", f.at.Seconds(), f.kind.name, f.length.Seconds())
	if f.target >= 0 {
		text += fmt.Sprintf("  of process %d", f.target+1)
	}
	return text
}

// plan draws the schedule: every kind once in an order of chance, then again, without two at a time for the
// same part of the rig. So many kinds come in any run that is long enough.
func (r *rig) plan(o options) ([]fault, error) {
	var available []*kind
	for _, k := range kinds {
		switch wanted := o.kinds(); {
		case wanted != nil && !slices.Contains(wanted, k.name):
		case k.missing != nil && k.missing(r) != "":
			r.log.say("no %s: %s", k.name, k.missing(r))
		case k.length(r)[1]+k.mending > o.duration:
			r.log.say("no %s: it takes longer than the run", k.name)
		default:
			available = append(available, k)
		}
	}
	if len(available) == 0 {
		return nil, errors.New("none of the faults can be made here")
	}
	random := rand.New(rand.NewPCG(o.seed, 1<<63)) //nolint:gosec // replayed, not guessed
	free := map[string]time.Duration{}
	var plan []fault
	var bag []*kind
	// Some traffic comes before the first fault.
	for at := 3 * time.Second; at < o.duration; at += o.pause*3/4 + time.Duration(random.Int64N(int64(o.pause)/2)) {
		if len(bag) == 0 {
			bag = slices.Clone(available)
			random.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		}
		// The first of the bag whose parts are whole at that time; the others keep their place.
		for i, k := range bag {
			f := k.draw(r, random, at)
			parts := k.parts(f.target)
			busy := slices.ContainsFunc(parts, func(part string) bool { return free[part] > at })
			if busy || at+f.length+k.mending > o.duration {
				continue
			}
			for _, part := range parts {
				free[part] = at + f.length + k.mending + settle
			}
			plan = append(plan, f)
			bag = slices.Delete(bag, i, i+1)
			break
		}
	}
	if len(plan) == 0 {
		return nil, errors.New("the run is too short for any of the faults")
	}
	return plan, nil
}

// settle is how long a part of the rig is left alone after its fault, so that recoveries are told apart.
const settle = 3 * time.Second

func (k *kind) draw(r *rig, random *rand.Rand, at time.Duration) fault {
	bounds := k.length(r)
	f := fault{kind: k, at: at, target: -1, length: bounds[0], variant: random.IntN(1 << 16)}
	if spread := bounds[1] - bounds[0]; spread > 0 {
		f.length += time.Duration(random.Int64N(int64(spread)))
	}
	if k.targets != nil {
		targets := k.targets(r)
		f.target = targets[random.IntN(len(targets))]
	}
	return f
}
