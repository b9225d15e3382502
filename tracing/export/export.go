// Package export is where spans are made and sent to a collector: OpenTelemetry's SDK, and what of a span may leave the
// process. Only cmd knows it.
package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// Options of a provider. All but Resource are required.
type Options struct {
	Collector Collector
	Sampler   trace.Sampler
	// Resource says what the spans come from, by OpenTelemetry's names; ServiceName and Version are part of it.
	Resource             map[string]string
	ServiceName, Version string
	// Report learns of what cannot be sent, and so is lost.
	Report func(error)
}

// New returns a provider of spans; its Shutdown sends what it still holds. What is not an option the SDK takes from the
// environment, by OpenTelemetry's standard names (OTEL_BSP_…, OTEL_SPAN_…): an error says which of it makes no sense.
// Nothing is sent yet, so the collector may be away.
func New(ctx context.Context, opts Options) (*trace.TracerProvider, error) {
	trouble := &trouble{report: opts.Report}
	// The SDK tells the process' own handlers what is wrong with its environment, and does without.
	otel.SetLogger(logr.New(trouble))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(trouble.add))
	exporter, err := otlptrace.New(ctx, newClient(opts.Collector))
	if err != nil {
		return nil, fmt.Errorf("error making an exporter of traces: %w", err)
	}
	source, err := newResource(ctx, opts)
	if err != nil {
		return nil, err
	}
	provider := trace.NewTracerProvider(
		trace.WithSampler(opts.Sampler), trace.WithResource(source), trace.WithBatcher(&strict{exporter, trouble.add}),
	)
	if err := trouble.started(); err != nil {
		return nil, errors.Join(err, provider.Shutdown(ctx))
	}
	return provider, nil
}

// newResource looks nothing up on the machine: the arguments of a process, say, may hold secrets.
func newResource(ctx context.Context, opts Options) (*resource.Resource, error) {
	attributes := make([]attribute.KeyValue, 0, len(opts.Resource)+2)
	for _, name := range slices.Sorted(maps.Keys(opts.Resource)) {
		attributes = append(attributes, attribute.String(name, opts.Resource[name]))
	}
	attributes = append(attributes, semconv.ServiceName(opts.ServiceName), semconv.ServiceVersion(opts.Version)) // of two, the last one counts
	source, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attributes...))
	if err != nil {
		return nil, fmt.Errorf("error describing where traces come from: %w", err)
	}
	return source, nil
}
