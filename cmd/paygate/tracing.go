package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"paygate/tracing/export"
)

// tracingSettings are OpenTelemetry's own variables, as far as they decide whether, where to and how much. Those that tune
// its SDK are left to that (export.New). Of two, the one for traces alone wins, as the
// standard says.
type tracingSettings struct {
	Disabled       bool          `name:"otel-sdk-disabled" env:"OTEL_SDK_DISABLED" help:"Trace nothing, whatever else is set."`
	Exporter       traceExporter `name:"otel-traces-exporter" env:"OTEL_TRACES_EXPORTER" placeholder:"EXPORTER" help:"otlp sends traces to a collector, none traces nothing. Without it, traces are sent where an endpoint is set."`
	Endpoint       collectorURL  `name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"The collector, http://localhost:4318 where nothing is said, with grpc http://localhost:4317. With http/protobuf traces go to /v1/traces below it."`
	TracesEndpoint collectorURL  `name:"otel-exporter-otlp-traces-endpoint" env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" placeholder:"URL" help:"Where traces are sent, path and all; it wins over OTEL_EXPORTER_OTLP_ENDPOINT."`
	Protocol       traceProtocol `name:"otel-exporter-otlp-protocol" env:"OTEL_EXPORTER_OTLP_PROTOCOL" default:"http/protobuf" placeholder:"PROTOCOL" help:"http/protobuf or grpc."`
	TracesProtocol traceProtocol `name:"otel-exporter-otlp-traces-protocol" env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" placeholder:"PROTOCOL" help:"The protocol for traces; it wins over OTEL_EXPORTER_OTLP_PROTOCOL."`
	Headers        pairs         `name:"otel-exporter-otlp-headers" env:"OTEL_EXPORTER_OTLP_HEADERS" placeholder:"NAME=VALUE,…" help:"Headers for the collector, values percent-encoded. Better given as the variable: flags are seen by everybody on the machine."`
	TracesHeaders  pairs         `name:"otel-exporter-otlp-traces-headers" env:"OTEL_EXPORTER_OTLP_TRACES_HEADERS" placeholder:"NAME=VALUE,…" help:"Headers for traces; each wins over its namesake of OTEL_EXPORTER_OTLP_HEADERS."`
	Sampler        traceSampler  `name:"otel-traces-sampler" env:"OTEL_TRACES_SAMPLER" default:"parentbased_always_on" placeholder:"SAMPLER" help:"Which traces are recorded: always_on, always_off, traceidratio, or what the caller has decided where there is one: parentbased_always_on, parentbased_always_off, parentbased_traceidratio."`
	SamplerArg     rate          `name:"otel-traces-sampler-arg" env:"OTEL_TRACES_SAMPLER_ARG" default:"1" help:"The share that traceidratio records, 0 to 1."`
	ServiceName    string        `name:"otel-service-name" env:"OTEL_SERVICE_NAME" placeholder:"NAME" help:"Who made the spans; paygate-api, paygate-worker and so on where nothing is said."`
	Resource       pairs         `name:"otel-resource-attributes" env:"OTEL_RESOURCE_ATTRIBUTES" placeholder:"NAME=VALUE,…" help:"What else to say about who made the spans, as deployment.environment.name=production."`
}

// The ports of a collector on this machine, as the standard has them.
const (
	defaultCollector     = "http://localhost:4318"
	defaultGRPCCollector = "http://localhost:4317"
	tracesPath           = "/v1/traces"
)

// flushTimeout bounds how long a process that ends waits for a collector. What is not sent by then is lost.
const flushTimeout = 5 * time.Second

// on tells whether anything is traced.
func (s tracingSettings) on() bool {
	if s.Disabled {
		return false
	}
	return s.Exporter == exportOTLP || s.Exporter == "" && (s.Endpoint != "" || s.TracesEndpoint != "")
}

func (s tracingSettings) protocol() export.Protocol {
	if s.TracesProtocol != "" {
		return export.Protocol(s.TracesProtocol)
	}
	return export.Protocol(s.Protocol)
}

func (s tracingSettings) endpoint() string {
	switch {
	case s.TracesEndpoint != "":
		return string(s.TracesEndpoint)
	case s.protocol() == export.GRPC && s.Endpoint != "":
		return string(s.Endpoint)
	case s.protocol() == export.GRPC:
		return defaultGRPCCollector
	case s.Endpoint != "":
		return strings.TrimRight(string(s.Endpoint), "/") + tracesPath
	}
	return defaultCollector + tracesPath
}

func (s tracingSettings) headers() map[string]string {
	all := make(map[string]string, len(s.Headers)+len(s.TracesHeaders))
	for _, some := range []pairs{s.Headers, s.TracesHeaders} {
		for name, value := range some {
			all[strings.ToLower(name)] = value
		}
	}
	return all
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
	provider, err := export.New(ctx, export.Options{
		Endpoint: s.endpoint(), Protocol: s.protocol(), Headers: s.headers(), Sampler: s.Sampler.sampler(float64(s.SamplerArg)),
		Resource: s.Resource, ServiceName: s.serviceName(role), Version: currentVersion(),
		Report: func(err error) {
			logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelWarn, "traces are lost", slog.Any("error", err))
		},
	})
	if err != nil {
		return usagef("tracing: %w", err)
	}
	p.tracing = provider
	logger.LogAttrs(ctx, slog.LevelInfo, "traces are sent", slog.String("protocol", string(s.protocol())), slog.String("service", s.serviceName(role)))
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
