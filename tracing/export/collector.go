package export

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// DefaultTimeout is OpenTelemetry's for one export.
const DefaultTimeout = 10 * time.Second

// maxAnswer bounds what is read of a collector's answer, in bytes.
const maxAnswer = 64 << 10

// Collector is where spans are posted to, by OTLP over HTTP with protobuf bodies
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp). Only URL is required.
type Collector struct {
	URL string
	// Headers go along, for a collector that wants to know who sends.
	Headers map[string]string
	// Timeout bounds one export with all its repetitions; 0 is DefaultTimeout.
	Timeout time.Duration
	// Gzip compresses what is sent.
	Gzip bool
	// TLS is whom to trust and what to present; nil is as the system has it.
	TLS *tls.Config
}

// client posts spans. OpenTelemetry's own does the same, and links all of gRPC and of its gateway into the binary for the
// name of one message. It implements otlptrace.Client.
type client struct {
	Collector

	http *http.Client
}

func newClient(c Collector) *client {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = c.TLS
	return &client{c, &http.Client{
		Transport: transport,
		// The headers may hold a secret, which another place must not get.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Start implements otlptrace.Client.
func (*client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It asks again where the standard says that it may help.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// On the wire these are the bytes of an ExportTraceServiceRequest.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("error encoding spans: %w", err)
	}
	if c.Gzip {
		body = compressed(body)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var last error // says more than that the time is over
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		again, err := c.post(ctx, body)
		last = cmp.Or(err, last)
		if err != nil && again == nil {
			again = backoff.Permanent(err)
		}
		return struct{}{}, again
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()))
	if err != nil {
		return cmp.Or(last, err)
	}
	return nil
}

// post sends a body once. Where that failed and may be repeated, again says when.
func (c *client) post(ctx context.Context, body []byte) (again, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range c.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if c.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // to the end, so that the connection can be used again
	if response.StatusCode/100 == 2 {
		if err != nil {
			return nil, fmt.Errorf("error reading the collector's answer: %w", err)
		}
		return nil, rejected(answer)
	}
	err = fmt.Errorf("the collector answered %s", response.Status) // without its text, which may quote anything
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, atoi := strconv.Atoi(response.Header.Get("Retry-After")); atoi == nil && seconds > 0 {
			return backoff.RetryAfter(seconds), err
		}
		return err, err
	}
	return nil, err
}

// The fields of ExportTraceServiceResponse and ExportTracePartialSuccess (opentelemetry-proto 1).
const (
	fieldPartialSuccess protowire.Number = 1
	fieldRejectedSpans  protowire.Number = 1
)

// errAnswer is an answer that is no message of the standard.
var errAnswer = errors.New("the collector's answer cannot be read")

// rejected is an error when a collector took some spans alone. Which, and why, is in its own log.
func rejected(answer []byte) error {
	partial, err := field(answer, fieldPartialSuccess)
	if err != nil {
		return err
	}
	count, err := field(partial, fieldRejectedSpans)
	if err != nil || len(count) == 0 {
		return err
	}
	n, length := protowire.ConsumeVarint(count)
	if length < 0 {
		return errAnswer
	}
	if n > 0 {
		return fmt.Errorf("the collector rejected %d of them", n)
	}
	return nil
}

// field is the last value of a message's field: the bytes of a message, or an encoded number.
func field(message []byte, number protowire.Number) (value []byte, err error) {
	for len(message) > 0 {
		found, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return nil, errAnswer
		}
		length := protowire.ConsumeFieldValue(found, kind, message[tag:])
		if length < 0 {
			return nil, errAnswer
		}
		if found == number {
			value = message[tag : tag+length]
			if kind == protowire.BytesType {
				value, _ = protowire.ConsumeBytes(value)
			}
		}
		message = message[tag+length:]
	}
	return value, nil
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	writer := gzip.NewWriter(&b)
	_, _ = writer.Write(body) // to memory
	_ = writer.Close()
	return b.Bytes()
}
