package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
)

// traceExporter is what becomes of spans; "" where nothing was said.
type traceExporter string

const (
	exportOTLP traceExporter = "otlp"
	exportNone traceExporter = "none"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *traceExporter) UnmarshalText(text []byte) error {
	switch exporter := traceExporter(text); exporter {
	case exportOTLP, exportNone:
		*e = exporter
		return nil
	}
	return fmt.Errorf("%q is not one of otlp and none", text)
}

// traceProtocol is how they travel. There is one way; the standard has others, which are refused rather than not followed.
type traceProtocol string

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *traceProtocol) UnmarshalText(text []byte) error {
	if string(text) != "http/protobuf" {
		return fmt.Errorf("%q is not http/protobuf, which alone is spoken: collectors take it on port 4318", text)
	}
	*p = traceProtocol(text)
	return nil
}

// compression is what becomes of a body; "" where nothing was said.
type compression string

const (
	compressGzip compression = "gzip"
	compressNone compression = "none"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *compression) UnmarshalText(text []byte) error {
	switch given := compression(text); given {
	case compressGzip, compressNone:
		*c = given
		return nil
	}
	return fmt.Errorf("%q is not one of gzip and none", text)
}

// exportTimeout is a duration that the standard writes as milliseconds; 0 where nothing was said.
type exportTimeout time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *exportTimeout) UnmarshalText(text []byte) error {
	milliseconds, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil || milliseconds == 0 {
		return fmt.Errorf("%q is not a number of milliseconds, such as 10000", text)
	}
	*t = exportTimeout(time.Duration(milliseconds) * time.Millisecond)
	return nil
}

// collectorURL is where a collector is.
type collectorURL string

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *collectorURL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	switch {
	case err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https":
		return fmt.Errorf("%q is not a URL such as http://localhost:4318", text)
	case parsed.User != nil || parsed.RawQuery != "":
		return errors.New("a collector's URL has neither a user nor a query: what it wants to know goes into OTEL_EXPORTER_OTLP_HEADERS")
	}
	*u = collectorURL(text)
	return nil
}

// traceSampler names the rule by which traces are recorded.
type traceSampler string

// samplers are the standard's own, by name; ratio is OTEL_TRACES_SAMPLER_ARG.
var samplers = map[traceSampler]func(ratio float64) trace.Sampler{
	"always_on":                func(float64) trace.Sampler { return trace.AlwaysSample() },
	"always_off":               func(float64) trace.Sampler { return trace.NeverSample() },
	"traceidratio":             trace.TraceIDRatioBased,
	"parentbased_always_on":    func(float64) trace.Sampler { return trace.ParentBased(trace.AlwaysSample()) },
	"parentbased_always_off":   func(float64) trace.Sampler { return trace.ParentBased(trace.NeverSample()) },
	"parentbased_traceidratio": func(ratio float64) trace.Sampler { return trace.ParentBased(trace.TraceIDRatioBased(ratio)) },
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *traceSampler) UnmarshalText(text []byte) error {
	*s = traceSampler(text)
	if samplers[*s] == nil {
		return fmt.Errorf("%q is not one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off and parentbased_traceidratio", text)
	}
	return nil
}

func (s traceSampler) sampler(ratio float64) trace.Sampler { return samplers[s](ratio) }

// pairs are names with values, written NAME=VALUE,NAME=VALUE with the values percent-encoded (W3C Baggage).
type pairs map[string]string

// UnmarshalText implements encoding.TextUnmarshaler. The text may hold a secret.
func (p *pairs) UnmarshalText(text []byte) error {
	*p = make(pairs)
	for i, part := range slices.Collect(strings.SplitSeq(string(text), ",")) {
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || name == "" || strings.ContainsAny(name, " \t\r\n:") {
			return fmt.Errorf("part %d is not such as name=value", i+1)
		}
		if err != nil {
			return errors.New(name + " has a value that is not percent-encoded")
		}
		(*p)[name] = decoded
	}
	return nil
}
