package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"paygate/metrics"
)

// drainTimeout bounds how long a process that was asked to stop finishes what it began. It is less than
// the 30 s after which Kubernetes kills, and more than the 20 s that a request's body may take.
const drainTimeout = 25 * time.Second

// process is the parts of a running command. Each part may use those before it, so they are stopped
// the other way round: servers stop accepting first, and the database goes last.
type process struct {
	failed chan error // the first failure of a part; there is room for one
	stops  []func(ctx context.Context) error

	metrics *metrics.Metrics
	tracing trace.TracerProvider // nil where nothing is traced
	parts   parts
}

func newProcess() *process {
	return &process{failed: make(chan error, 1), metrics: metrics.New(currentVersion()), parts: parts{state: stateStarting}}
}

// runProcess lets start put the parts together, waits until ctx ends or a part fails, and stops
// them. It returns nil when ctx ended it.
func runProcess(ctx context.Context, start func(p *process) error) error {
	p := newProcess()
	err := start(p)
	if err == nil {
		p.parts.become(stateReady)
		select {
		case <-ctx.Done():
		case err = <-p.failed:
		}
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // asked to stop while it was starting
	}
	p.parts.become(stateStopping)
	return errors.Join(err, p.stop(context.WithoutCancel(ctx)))
}

// onStop notes how to end a part that runs now. What stop gets is bounded by drainTimeout, over all parts
// together; a part that has not ended by then has to be cut off.
func (p *process) onStop(stop func(ctx context.Context) error) { p.stops = append(p.stops, stop) }

// fail ends the process because a part ended by itself. After the first it does nothing.
func (p *process) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

func (p *process) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	var errs []error
	for _, stop := range slices.Backward(p.stops) {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(errs...)
}
