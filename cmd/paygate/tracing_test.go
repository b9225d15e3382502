package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTracingByStandardVariables(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		env      map[string]string
		on       bool
		endpoint string
	}{
		"Nothing":  {env: nil},
		"None":     {env: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}},
		"Disabled": {env: map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}},
		"Service":  {env: map[string]string{"OTEL_SERVICE_NAME": "shop"}},
		"Exporter": {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, on: true, endpoint: "http://localhost:4318/v1/traces"},
		"Base":     {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"}, on: true, endpoint: "https://c/otlp/v1/traces"},
		"OfTraces": {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d/in"}, on: true, endpoint: "http://d/in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			selected, err := parse([]string{"worker"}, lookupIn(tt.env), nil)
			require.NoError(t, err)
			s := selected.(*workerCommand).tracingSettings
			require.Equal(t, tt.on, s.on())
			if tt.on {
				require.Equal(t, tt.endpoint, s.endpoint())
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

func TestCollectorByStandardVariables(t *testing.T) {
	t.Parallel()

	of := func(env map[string]string) collectorSettings {
		selected, err := parse([]string{"worker"}, lookupIn(env), nil)
		require.NoError(t, err)
		return selected.(*workerCommand).collectorSettings
	}
	c, err := of(nil).collector()
	require.NoError(t, err)
	require.False(t, c.Gzip)
	require.Zero(t, c.Timeout)
	require.Nil(t, c.TLS)

	c, err = of(map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}).collector()
	require.NoError(t, err)
	require.True(t, c.Gzip)
	require.Equal(t, 1500*time.Millisecond, c.Timeout)

	c, err = of(map[string]string{
		"OTEL_EXPORTER_OTLP_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "20",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
	}).collector()
	require.NoError(t, err)
	require.False(t, c.Gzip)
	require.Equal(t, 20*time.Millisecond, c.Timeout)
}

// What makes no sense keeps a process from starting, by the variable's name, and is not repeated where it may be a secret.
func TestCollectorsThatMakeNoSense(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL":                  "grpc",
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL":           "http/json",
		"OTEL_EXPORTER_OTLP_TIMEOUT":                   "soon",
		"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION":        "zstd",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS":            "hunter2",
		"OTEL_EXPORTER_OTLP_CERTIFICATE":               "/nowhere/ca.pem",
		"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE":        "tracing_test.go",
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE":        "tracing_test.go",
		"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY":         "/nowhere/key.pem",
		"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": "/nowhere/cert.pem",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			selected, err := parse([]string{"worker"}, lookupIn(map[string]string{name: value}), nil)
			if err == nil {
				_, err = selected.(*workerCommand).collector()
			}
			require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}
