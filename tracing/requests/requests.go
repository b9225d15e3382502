// Package requests traces what a server of Gin's is asked.
package requests

import (
	"strings"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Trace has each request of engine from here on a span, which continues the trace that the caller names. Without a
// provider it does nothing. It has to come after what answers a request without its context, and before what logs it.
func Trace(engine *gin.Engine, server string, provider trace.TracerProvider) {
	if provider == nil {
		return
	}
	engine.Use(otelgin.Middleware(server,
		otelgin.WithTracerProvider(provider),
		// No baggage: what a caller puts there is nobody's business further on.
		otelgin.WithPropagators(propagation.TraceContext{}),
		otelgin.WithSpanNameFormatter(name),
		otelgin.WithGinFilter(func(c *gin.Context) bool { return !strings.HasPrefix(c.FullPath(), "/health") }), // probes
	))
}

// name is a request's by its route: neither a path nor a method that is none of ours, which may hold anything.
func name(c *gin.Context) string {
	if c.FullPath() == "" {
		return "no route"
	}
	return c.Request.Method + " " + c.FullPath()
}
