package export

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Children makes spans of provider where they have a parent that is recorded, and none elsewhere: for an instrumentation that
// would begin a trace for each command of housekeeping.
func Children(provider trace.TracerProvider) trace.TracerProvider { return children{provider} }

type children struct{ trace.TracerProvider }

// Tracer implements trace.TracerProvider.
func (c children) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return childTracer{c.TracerProvider.Tracer(name, opts...)}
}

type childTracer struct{ trace.Tracer }

// Start implements trace.Tracer.
func (t childTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, noop.Span{}
	}
	return t.Tracer.Start(ctx, name, opts...)
}
