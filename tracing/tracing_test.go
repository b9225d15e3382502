package tracing_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// newTracer returns a tracer, and what it has recorded.
func newTracer() (trace.Tracer, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	return sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)).Tracer("test"), recorder
}

func TestParentTravels(t *testing.T) {
	t.Parallel()

	ctx := tracing.Continue(t.Context(), traceparent)
	require.Equal(t, traceparent, tracing.Parent(ctx))
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", tracing.ID(ctx))
	require.Equal(t, traceparent, tracing.ParentIn(tracing.Metadata(traceparent)))

	for name, metadata := range map[string]string{"None": "", "Empty": "{}", "Others": `{"snoozes":1}`, "NoText": `{"traceparent":1}`, "NoJSON": "{"} {
		require.Empty(t, tracing.ParentIn([]byte(metadata)), name)
	}
	require.Nil(t, tracing.Metadata(""))
	for _, ctx := range []context.Context{t.Context(), tracing.Continue(t.Context(), ""), tracing.Continue(t.Context(), "00-nonsense-01")} {
		require.Empty(t, tracing.Parent(ctx))
		require.Empty(t, tracing.ID(ctx))
	}
}

func TestGathered(t *testing.T) {
	t.Parallel()

	tracer, recorder := newTracer()
	_, first := tracer.Start(t.Context(), "first")
	_, second := tracer.Start(t.Context(), "second")
	untraced := trace.SpanFromContext(t.Context())
	ctx, shared := tracing.Gathered(t.Context(), "shared", slices.Values([]trace.Span{untraced, first, second, first, second}))
	require.Equal(t, first.SpanContext().TraceID().String(), tracing.ID(ctx), "what is done below belongs to it")
	for _, span := range []trace.Span{shared, first, second} {
		span.End()
	}

	ended := make(map[string]sdk.ReadOnlySpan)
	for _, span := range recorder.Ended() {
		ended[span.Name()] = span
	}
	require.Equal(t, first.SpanContext(), ended["shared"].Parent())
	require.Empty(t, ended["first"].Links())
	require.Len(t, ended["shared"].Links(), 1)
	require.Equal(t, second.SpanContext(), ended["shared"].Links()[0].SpanContext)
	require.Len(t, ended["second"].Links(), 1)
	require.Equal(t, shared.SpanContext(), ended["second"].Links()[0].SpanContext)
}

func TestNothingIsGatheredOfNothing(t *testing.T) {
	t.Parallel()

	ctx, span := tracing.Gathered(t.Context(), "shared", slices.Values([]trace.Span{trace.SpanFromContext(t.Context())}))
	span.End()
	require.Equal(t, t.Context(), ctx)
	ctx, span = tracing.Resume(t.Context(), traceparent, "delivery")
	span.End()
	require.Equal(t, t.Context(), ctx, "a trace that was begun elsewhere is not made known by who traces nothing")
}

func TestResume(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		job, parent, trace string
		links              int
	}{
		"TraceOfAnother": {job: "", parent: traceparent, trace: "4bf92f3577b34da6a3ce929d0e0e4736", links: 1},
		"TraceOfTheJob":  {job: traceparent, parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-01", trace: "4bf92f3577b34da6a3ce929d0e0e4736"},
		"NoTrace":        {job: traceparent, parent: "", trace: "4bf92f3577b34da6a3ce929d0e0e4736"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tracer, recorder := newTracer()
			ctx, job := tracer.Start(tracing.Continue(t.Context(), tt.job), "job")
			_, delivery := tracing.Resume(ctx, tt.parent, "delivery")
			delivery.End()
			job.End()
			ended := recorder.Ended()
			require.Equal(t, tt.trace, ended[0].SpanContext().TraceID().String())
			require.Len(t, ended[0].Links(), tt.links)
			require.Len(t, ended[1].Links(), tt.links)
			if tt.links == 0 {
				require.Equal(t, job.SpanContext(), ended[0].Parent())
			}
		})
	}
}

// What those pay who trace nothing: a gathered transaction of 100 requests, whose contexts are as deep as a request's.
func BenchmarkNothingIsGathered(b *testing.B) {
	type key int
	ctx := b.Context()
	for depth := range 8 {
		ctx = context.WithValue(ctx, key(depth), depth) //nolint:fatcontext // it is to be deep
	}
	callers := func(yield func(trace.Span) bool) {
		for range 100 {
			if !yield(trace.SpanFromContext(ctx)) {
				return
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		_, span := tracing.Gathered(b.Context(), "transaction", callers)
		span.End()
	}
}
