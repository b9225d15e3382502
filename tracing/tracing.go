// Package tracing carries traces where a context does not go: into a transaction that many callers share,
// into a job, into a webhook. It knows OpenTelemetry's interfaces alone and has no provider of its own: each
// span is made by whoever made the caller's, so where nothing is traced all of this does nothing.
package tracing

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Header is the HTTP header, and the member of a job's metadata, that names a span (W3C Trace Context).
const Header = "traceparent"

// scope names the spans of this package to whoever collects them.
const scope = "paygate"

// ID is the trace that ctx belongs to, as hex; "" for none.
func ID(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.HasTraceID() {
		return ""
	}
	return span.TraceID().String()
}

// Parent names the span of ctx as a traceparent; "" for none.
func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[Header]
}

// Continue returns ctx with the span that a traceparent names; ctx itself where it names none.
func Continue(ctx context.Context, parent string) context.Context {
	if parent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{Header: parent})
}

// Metadata is what a job carries so that it continues a trace; nil for "".
func Metadata(parent string) []byte {
	if parent == "" {
		return nil
	}
	text, err := json.Marshal(map[string]string{Header: parent})
	if err != nil {
		panic(fmt.Sprintf("a traceparent does not encode: %v", err)) // it is text
	}
	return text
}

// ParentIn is the opposite of Metadata.
func ParentIn(metadata []byte) string {
	var carried struct {
		Parent string `json:"traceparent"`
	}
	if err := json.Unmarshal(metadata, &carried); err != nil {
		return "" // somebody else's metadata: nothing that a job could fail for
	}
	return carried.Parent
}

// Gathered starts a span for what several callers share. It is a child of the first caller's that is
// recorded; the others' are linked with it, both ways, so that each trace leads to it. Where none is recorded
// it does nothing. ctx is that of the shared work.
func Gathered(ctx context.Context, name string, callers iter.Seq[trace.Span], opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	var first trace.Span
	var others []trace.Span
	for caller := range callers {
		switch {
		case !caller.IsRecording():
		case first == nil:
			first = caller
		case !caller.SpanContext().Equal(first.SpanContext()) && !slices.Contains(others, caller):
			others = append(others, caller)
		}
	}
	if first == nil {
		return ctx, noop.Span{}
	}
	links := make([]trace.Link, len(others))
	for i, other := range others {
		links[i].SpanContext = other.SpanContext()
	}
	ctx, span := first.TracerProvider().Tracer(scope).Start(trace.ContextWithSpan(ctx, first), name, append(opts, trace.WithLinks(links...))...)
	for _, other := range others {
		other.AddLink(trace.Link{SpanContext: span.SpanContext()})
	}
	return ctx, span
}

// Resume starts a span that goes on with the trace of parent. Where ctx's span belongs to another trace, as
// a job's that does something for several, the two are linked. Where ctx has no span it does nothing.
func Resume(ctx context.Context, parent, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	worker := trace.SpanFromContext(ctx)
	if !worker.SpanContext().IsValid() {
		return ctx, noop.Span{}
	}
	origin := trace.SpanContextFromContext(Continue(context.Background(), parent))
	elsewhere := origin.IsValid() && origin.TraceID() != worker.SpanContext().TraceID()
	if elsewhere {
		ctx = trace.ContextWithRemoteSpanContext(ctx, origin)
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: worker.SpanContext()}))
	}
	ctx, span := worker.TracerProvider().Tracer(scope).Start(ctx, name, opts...)
	if elsewhere {
		worker.AddLink(trace.Link{SpanContext: span.SpanContext()})
	}
	return ctx, span
}
