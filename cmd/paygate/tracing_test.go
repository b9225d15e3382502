package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/tracing/export"
)

func TestTracingByStandardVariables(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		env      map[string]string
		on       bool
		endpoint string
		protocol export.Protocol
	}{
		"Nothing":    {env: nil},
		"None":       {env: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}},
		"Disabled":   {env: map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}},
		"Service":    {env: map[string]string{"OTEL_SERVICE_NAME": "shop"}},
		"Exporter":   {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, on: true, endpoint: "http://localhost:4318/v1/traces"},
		"Base":       {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"}, on: true, endpoint: "https://c/otlp/v1/traces"},
		"OfTraces":   {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d/in"}, on: true, endpoint: "http://d/in"},
		"GRPC":       {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, on: true, endpoint: "http://localhost:4317", protocol: export.GRPC},
		"GRPCBase":   {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, on: true, endpoint: "http://c:4317", protocol: export.GRPC},
		"HTTPTraces": {env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, on: true, endpoint: "http://c/v1/traces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			selected, err := parse([]string{"worker"}, lookupIn(tt.env), nil)
			require.NoError(t, err)
			s := selected.(*workerCommand).tracingSettings
			require.Equal(t, tt.on, s.on())
			if tt.on {
				protocol := tt.protocol
				if protocol == "" {
					protocol = export.HTTP
				}
				require.Equal(t, tt.endpoint, s.endpoint())
				require.Equal(t, protocol, s.protocol())
			}
		})
	}
}

func TestWhoTraces(t *testing.T) {
	t.Parallel()

	selected, err := parse([]string{"worker"}, lookupIn(map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS":        "Authorization=Bearer%20one, tenant = a=b",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=two",
		"OTEL_RESOURCE_ATTRIBUTES":          "service.name=shop,deployment.environment.name=live",
	}), nil)
	require.NoError(t, err)
	s := selected.(*workerCommand).tracingSettings
	require.Equal(t, map[string]string{"authorization": "two", "tenant": "a=b"}, s.headers())
	require.Equal(t, "shop", s.serviceName("worker"))
	s.ServiceName = "named"
	require.Equal(t, "named", s.serviceName("worker"))
	require.Equal(t, "paygate-api", tracingSettings{}.serviceName("api"))
}
