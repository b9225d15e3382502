package export_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing/export"
)

func options(endpoint string, report func(error)) export.Options {
	return export.Options{
		Collector: export.Collector{URL: endpoint}, Sampler: sdk.AlwaysSample(), ServiceName: "test", Version: "1", Report: report,
	}
}

// What the SDK would only remark on keeps us from starting, and is not repeated: it may be a secret.
func TestVariablesThatMakeNoSense(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_BSP_SCHEDULE_DELAY":         "hunter2",
		"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := export.New(t.Context(), options("http://127.0.0.1:1", func(error) {}))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// A failure is reported, and neither repeated nor in anybody's way.
func TestSpansThatCannotBeSent(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer server.Close()
	failed := make(chan error, 1)
	provider, err := export.New(t.Context(), options(server.URL, func(err error) { failed <- err }))
	require.NoError(t, err)
	_, span := provider.Tracer("test").Start(t.Context(), "lost")
	span.End()
	require.NoError(t, provider.Shutdown(t.Context()))
	require.ErrorContains(t, <-failed, "error sending 1 spans")
}

func TestChildren(t *testing.T) {
	t.Parallel()

	provider := sdk.NewTracerProvider()
	children := export.Children(provider).Tracer("test")
	ctx, none := children.Start(t.Context(), "probe")
	none.End()
	require.False(t, none.SpanContext().IsValid())
	require.Equal(t, t.Context(), ctx)

	parent, request := provider.Tracer("test").Start(context.WithoutCancel(t.Context()), "request")
	ctx, child := children.Start(parent, "command")
	require.Equal(t, request.SpanContext().TraceID(), child.SpanContext().TraceID())
	require.Equal(t, child, trace.SpanFromContext(ctx))
}
