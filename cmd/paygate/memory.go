package main

import "runtime/debug"

// gcPercent lets the heap grow to five times what lives before it is collected. What lives in a gateway is
// little, and what dies is a lot: at Go's default of 100 it would be collected many times a second under load.
const gcPercent = 400

// tuneCollector sets gcPercent, unless the operator has said otherwise by GOGC (runtime/debug.SetGCPercent).
func tuneCollector(env lookupEnv) {
	if _, said := env("GOGC"); !said {
		debug.SetGCPercent(gcPercent)
	}
}
