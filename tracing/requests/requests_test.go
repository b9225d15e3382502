package requests_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"paygate/tracing/requests"
)

// A span is named for its route, and is an error where we failed: a refusal is the caller's.
func TestTrace(t *testing.T) {
	t.Parallel()

	recorder := tracetest.NewSpanRecorder()
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	requests.Trace(engine, "test", sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	engine.GET("/health/ready", func(c *gin.Context) { c.Status(http.StatusOK) })
	engine.GET("/things/:id", func(c *gin.Context) {
		switch c.Param("id") {
		case "bad":
			c.Status(http.StatusBadRequest)
		case "broken":
			_ = c.Error(errors.New("out of things"))
			c.Status(http.StatusInternalServerError)
		}
	})
	for _, request := range [][2]string{
		{http.MethodGet, "/things/1?token=x"},
		{http.MethodGet, "/things/bad"},
		{http.MethodGet, "/things/broken"},
		{http.MethodGet, "/secret"},
		{"SECRET", "/things/1"},
		{http.MethodGet, "/health/ready"},
	} {
		engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), request[0], request[1], nil))
	}

	var names []string
	var statuses []codes.Code
	for _, span := range recorder.Ended() {
		names, statuses = append(names, span.Name()), append(statuses, span.Status().Code)
	}
	require.Equal(t, []string{"GET /things/:id", "GET /things/:id", "GET /things/:id", "no route", "no route"}, names)
	require.Equal(t, []codes.Code{codes.Unset, codes.Unset, codes.Error, codes.Unset, codes.Unset}, statuses)
}

func TestCallersTrace(t *testing.T) {
	t.Parallel()

	recorder := tracetest.NewSpanRecorder()
	engine := gin.New()
	requests.Trace(engine, "test", sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	engine.GET("/", func(c *gin.Context) { c.Status(http.StatusOK) })
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	request.Header.Set("Tracestate", "vendor=secret")
	engine.ServeHTTP(httptest.NewRecorder(), request)
	span := recorder.Ended()[0]
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", span.SpanContext().TraceID().String())
	require.Equal(t, "00f067aa0ba902b7", span.Parent().SpanID().String())
	require.Zero(t, span.SpanContext().TraceState().Len())
}

func TestTraceWithoutAProvider(t *testing.T) {
	t.Parallel()

	engine := gin.New()
	requests.Trace(engine, "test", nil)
	require.Empty(t, engine.Handlers)
}
