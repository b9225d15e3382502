// Package capacity tells what a rate of payments needs, from what one payment costs.
package capacity

import "math"

// Machine is what one primary may have, and how much of it may be used in a usual hour.
type Machine struct {
	// Cores of the primary; those of processes are counted one by one.
	Cores float64
	// WALRate is how many bytes of WAL a second its disk and its standby keep up with.
	WALRate float64
	// Disk is how many bytes it may hold.
	Disk float64
	// NetworkRate is how many bytes a second its network carries.
	NetworkRate float64
	// Use is the share of all of these that may be used, 0 to 1: the rest is for peaks, vacuum, and a lost standby.
	Use float64
	// Days is how long rows are kept on the primary before they are archived.
	Days float64
	// Peak is how many times the mean rate of a day its peak is: rates are of peaks, and the disk fills at the mean.
	Peak float64
}

// Plan is what a rate of payments needs.
type Plan struct {
	Rate float64
	// Cores that each part is busy with.
	API, Worker, Postgres, Redis float64
	// Bytes a second.
	WAL, Network float64
	// Disk is how many bytes all days that are kept take.
	Disk float64
	// Cells is how many primaries it takes, and Limit what decides it.
	Cells int
	Limit string
	// Largest is how many payments a second one primary takes.
	Largest float64
}

const (
	day    = 24 * 60 * 60
	second = 1000 // milliseconds
)

// For plans a rate, in payments a second at the peak.
func For(rate float64, cost Cost, machine Machine) Plan {
	kept := cost.DiskBytes * day * machine.Days / machine.Peak
	p := Plan{
		Rate: rate,
		API:  rate * cost.API / second, Worker: rate * cost.Worker / second,
		Postgres: rate * cost.Postgres / second, Redis: rate * cost.Redis / second,
		WAL: rate * cost.WALBytes, Network: rate * (cost.APIBytes + cost.WorkerBytes),
		Disk: rate * kept,
	}
	p.Largest = math.Inf(1)
	for _, limit := range []struct {
		name        string
		each, there float64
	}{
		{"processor", cost.Postgres / second, machine.Cores},
		{"WAL", cost.WALBytes, machine.WALRate},
		{"network", cost.APIBytes + cost.WorkerBytes, machine.NetworkRate}, // an upper bound: part of it goes elsewhere
		{"disk", kept, machine.Disk},
	} {
		if takes := limit.there * machine.Use / limit.each; takes < p.Largest {
			p.Largest, p.Limit = takes, limit.name
		}
	}
	p.Cells = int(math.Ceil(rate / p.Largest))
	return p
}
