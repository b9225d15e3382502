package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"paygate/tracing/export"
)

// collectorSettings are how spans travel, by the standard's variables
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Of two, the one for traces alone wins.
type collectorSettings struct {
	Endpoint                collectorURL  `name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"The collector, http://localhost:4318 where nothing is said. Traces go to /v1/traces below it."`
	TracesEndpoint          collectorURL  `name:"otel-exporter-otlp-traces-endpoint" env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" placeholder:"URL" help:"Where traces are sent, path and all; it wins over OTEL_EXPORTER_OTLP_ENDPOINT."`
	Protocol                traceProtocol `name:"otel-exporter-otlp-protocol" env:"OTEL_EXPORTER_OTLP_PROTOCOL" default:"http/protobuf" placeholder:"PROTOCOL" help:"http/protobuf, which every collector takes; gRPC is not spoken."`
	TracesProtocol          traceProtocol `name:"otel-exporter-otlp-traces-protocol" env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" placeholder:"PROTOCOL" help:"The protocol for traces; it wins over OTEL_EXPORTER_OTLP_PROTOCOL."`
	Headers                 pairs         `name:"otel-exporter-otlp-headers" env:"OTEL_EXPORTER_OTLP_HEADERS" placeholder:"NAME=VALUE,…" help:"Headers for the collector, values percent-encoded. Better given as the variable: flags are seen by everybody on the machine."`
	TracesHeaders           pairs         `name:"otel-exporter-otlp-traces-headers" env:"OTEL_EXPORTER_OTLP_TRACES_HEADERS" placeholder:"NAME=VALUE,…" help:"Headers for traces; each wins over its namesake of OTEL_EXPORTER_OTLP_HEADERS."`
	Timeout                 exportTimeout `name:"otel-exporter-otlp-timeout" env:"OTEL_EXPORTER_OTLP_TIMEOUT" placeholder:"MILLISECONDS" help:"How long the collector may take for one export, repetitions and all, in milliseconds; 10000 where nothing is said."`
	TracesTimeout           exportTimeout `name:"otel-exporter-otlp-traces-timeout" env:"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT" placeholder:"MILLISECONDS" help:"The same for traces; it wins over OTEL_EXPORTER_OTLP_TIMEOUT."`
	Compression             compression   `name:"otel-exporter-otlp-compression" env:"OTEL_EXPORTER_OTLP_COMPRESSION" placeholder:"COMPRESSION" help:"gzip or none, which it is where nothing is said."`
	TracesCompression       compression   `name:"otel-exporter-otlp-traces-compression" env:"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION" placeholder:"COMPRESSION" help:"The same for traces; it wins over OTEL_EXPORTER_OTLP_COMPRESSION."`
	Certificate             string        `name:"otel-exporter-otlp-certificate" env:"OTEL_EXPORTER_OTLP_CERTIFICATE" placeholder:"FILE" help:"The authorities to trust for the collector, PEM; those of the system where nothing is said."`
	TracesCertificate       string        `name:"otel-exporter-otlp-traces-certificate" env:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE" placeholder:"FILE" help:"The same for traces; it wins over OTEL_EXPORTER_OTLP_CERTIFICATE."`
	ClientCertificate       string        `name:"otel-exporter-otlp-client-certificate" env:"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" placeholder:"FILE" help:"What to present to the collector, PEM; it needs a key."`
	TracesClientCertificate string        `name:"otel-exporter-otlp-traces-client-certificate" env:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE" placeholder:"FILE" help:"The same for traces; it wins over OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE."`
	ClientKey               string        `name:"otel-exporter-otlp-client-key" env:"OTEL_EXPORTER_OTLP_CLIENT_KEY" placeholder:"FILE" help:"The private key of that certificate, PEM."`
	TracesClientKey         string        `name:"otel-exporter-otlp-traces-client-key" env:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY" placeholder:"FILE" help:"The same for traces; it wins over OTEL_EXPORTER_OTLP_CLIENT_KEY."`
}

// Where a collector on this machine listens, as the standard has it, and where it takes traces.
const (
	defaultCollector = "http://localhost:4318"
	tracesPath       = "/v1/traces"
)

func (s collectorSettings) endpoint() string {
	if s.TracesEndpoint != "" {
		return string(s.TracesEndpoint)
	}
	return strings.TrimRight(cmp.Or(string(s.Endpoint), defaultCollector), "/") + tracesPath
}

func (s collectorSettings) headers() map[string]string {
	all := make(map[string]string, len(s.Headers)+len(s.TracesHeaders))
	for _, some := range []pairs{s.Headers, s.TracesHeaders} {
		for name, value := range some {
			all[strings.ToLower(name)] = value
		}
	}
	return all
}

func (s collectorSettings) collector() (export.Collector, error) {
	presented, err := s.tls()
	return export.Collector{
		URL: s.endpoint(), Headers: s.headers(), Timeout: time.Duration(cmp.Or(s.TracesTimeout, s.Timeout)),
		Gzip: cmp.Or(s.TracesCompression, s.Compression) == compressGzip, TLS: presented,
	}, err
}

// tls is nil where nothing is said.
func (s collectorSettings) tls() (*tls.Config, error) {
	authorities, presented, key := cmp.Or(s.TracesCertificate, s.Certificate), cmp.Or(s.TracesClientCertificate, s.ClientCertificate), cmp.Or(s.TracesClientKey, s.ClientKey)
	if authorities == "" && presented == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		pem, err := os.ReadFile(authorities)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: there is no certificate in %s", authorities)
		}
	}
	if presented != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(presented, key)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
