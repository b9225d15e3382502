package main

import (
	"context"
	"log/slog"
	"time"

	"paygate/tracing/export"
)

// tracingSettings are OpenTelemetry's own variables, as far as they decide whether, where to and how much. Those that tune
// its SDK are left to that (export.New).
type tracingSettings struct {
	collectorSettings `embed:""`

	Disabled    bool          `name:"otel-sdk-disabled" env:"OTEL_SDK_DISABLED" help:"Trace nothing, whatever else is set."`
	Exporter    traceExporter `name:"otel-traces-exporter" env:"OTEL_TRACES_EXPORTER" placeholder:"EXPORTER" help:"otlp sends traces to a collector, none traces nothing. Without it, traces are sent where an endpoint is set."`
	Sampler     traceSampler  `name:"otel-traces-sampler" env:"OTEL_TRACES_SAMPLER" default:"parentbased_always_on" placeholder:"SAMPLER" help:"Which traces are recorded: always_on, always_off, traceidratio, or what the caller has decided where there is one: parentbased_always_on, parentbased_always_off, parentbased_traceidratio."`
	SamplerArg  rate          `name:"otel-traces-sampler-arg" env:"OTEL_TRACES_SAMPLER_ARG" default:"1" help:"The share that traceidratio records, 0 to 1."`
	ServiceName string        `name:"otel-service-name" env:"OTEL_SERVICE_NAME" placeholder:"NAME" help:"Who made the spans; paygate-api, paygate-worker and so on where nothing is said."`
	Resource    pairs         `name:"otel-resource-attributes" env:"OTEL_RESOURCE_ATTRIBUTES" placeholder:"NAME=VALUE,…" help:"What else to say about who made the spans, as deployment.environment.name=production."`
}

// flushTimeout bounds how long a process that ends waits for a collector. What is not sent by then is lost.
const flushTimeout = 5 * time.Second

// on tells whether anything is traced.
func (s tracingSettings) on() bool {
	if s.Disabled {
		return false
	}
	return s.Exporter == exportOTLP || s.Exporter == "" && (s.Endpoint != "" || s.TracesEndpoint != "")
}

// serviceName is what the standard says, in its order, else that of the role.
func (s tracingSettings) serviceName(role string) string {
	if s.ServiceName != "" {
		return s.ServiceName
	}
	if name := s.Resource["service.name"]; name != "" {
		return name
	}
	return "paygate-" + role
}

// startTracing begins to trace where that is asked for. It stays nil elsewhere: then nobody makes spans, or pays for any.
// The process sends what is left when all else has stopped.
func (p *process) startTracing(ctx context.Context, s tracingSettings, role string, logger *slog.Logger) error {
	if !s.on() {
		return nil
	}
	collector, err := s.collector()
	if err != nil {
		return usagef("tracing: %w", err)
	}
	provider, err := export.New(ctx, export.Options{
		Collector: collector, Sampler: s.Sampler.sampler(float64(s.SamplerArg)),
		Resource: s.Resource, ServiceName: s.serviceName(role), Version: currentVersion(),
		Report: func(err error) {
			logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelWarn, "traces are lost", slog.Any("error", err))
		},
	})
	if err != nil {
		return usagef("tracing: %w", err)
	}
	p.tracing = provider
	logger.LogAttrs(ctx, slog.LevelInfo, "traces are sent", slog.String("service", s.serviceName(role)))
	p.onStop(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			logger.LogAttrs(ctx, slog.LevelWarn, "traces are lost", slog.Any("error", err)) // no reason to end otherwise than in order
		}
		return nil
	})
	return nil
}
