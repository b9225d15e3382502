// Package requests traces what a server of Gin's is asked.
package requests

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

// Trace has each request of engine from here on a span, which continues the trace that the caller names. Without a
// provider it does nothing. It has to come after what answers a request without its context, and before what logs it.
func Trace(engine *gin.Engine, server string, provider trace.TracerProvider) {
	if provider == nil {
		return
	}
	engine.Use(otelgin.Middleware(server,
		otelgin.WithTracerProvider(provider),
		otelgin.WithPropagators(parentAlone{}),
		otelgin.WithSpanNameFormatter(name),
		otelgin.WithGinFilter(func(c *gin.Context) bool { return !strings.HasPrefix(c.FullPath(), "/health") }), // probes
	))
}

// parentAlone takes the caller's trace and span, and neither tracestate nor baggage: a span would take their text along to
// the collector.
type parentAlone struct{}

// Extract implements propagation.TextMapPropagator.
func (parentAlone) Extract(ctx context.Context, from propagation.TextMapCarrier) context.Context {
	return tracing.Continue(ctx, from.Get(tracing.Header))
}

// Inject implements propagation.TextMapPropagator.
func (parentAlone) Inject(ctx context.Context, to propagation.TextMapCarrier) {
	if parent := tracing.Parent(ctx); parent != "" {
		to.Set(tracing.Header, parent)
	}
}

// Fields implements propagation.TextMapPropagator.
func (parentAlone) Fields() []string { return []string{tracing.Header} }

// name is a request's by its route: neither a path nor a method that is none of ours, which may hold anything.
func name(c *gin.Context) string {
	if c.FullPath() == "" {
		return "no route"
	}
	return c.Request.Method + " " + c.FullPath()
}
