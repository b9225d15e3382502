package export

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
)

// attributes are those that leave the process. Nothing among them is chosen by a caller or by a customer: no
// path, query or header of a request, no statement or parameter, no URL, no text of an error. What a new version of an
// instrumentation adds has to be put here before anybody sees it.
var attributes = map[attribute.Key]bool{
	"http.request.method":       true,
	"http.response.body.size":   true,
	"http.response.status_code": true,
	"http.route":                true,
	"network.protocol.version":  true,
	"url.scheme":                true,

	"db.collection.name":      true,
	"db.operation.batch.size": true,
	"db.operation.name":       true, // that of sqlc, or the statement's first word
	"db.redis.num_cmd":        true,
	"db.system":               true,
	"db.system.name":          true,
	"pgx.rows_affected":       true,
	"pgx.sql_state":           true,

	// River's.
	"attempt":         true,
	"cancel":          true,
	"created_at":      true,
	"id":              true,
	"kind":            true,
	"kinds":           true,
	"priority":        true,
	"queue":           true,
	"scheduled_at":    true,
	"snooze":          true,
	"snooze.duration": true,
	"status":          true,

	"error.type":             true,
	"exception.type":         true,
	"paygate.delivery_id":    true,
	"paygate.endpoint_id":    true,
	"paygate.event_id":       true,
	"paygate.event_type":     true,
	"paygate.items":          true,
	"paygate.webhook.step":   true,
	"paygate.webhook.manual": true,
}

// strict sends of each span what may be sent. Texts of errors stay in the log, whose lines have the id of the trace: they
// quote what they are about, as a URL with its query.
type strict struct {
	trace.SpanExporter

	failed func(error)
}

// ExportSpans implements trace.SpanExporter. Nobody can do anything about a failure, so it is reported and over.
func (s *strict) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	cleaned := make([]trace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		cleaned[i] = clean{span}
	}
	if err := s.SpanExporter.ExportSpans(ctx, cleaned); err != nil {
		s.failed(fmt.Errorf("error sending %d spans: %w", len(spans), err))
	}
	return nil
}

// clean is a span as it may be sent.
type clean struct{ trace.ReadOnlySpan }

// Attributes implements trace.ReadOnlySpan.
func (c clean) Attributes() []attribute.KeyValue { return permitted(c.ReadOnlySpan.Attributes()) }

// Events implements trace.ReadOnlySpan.
func (c clean) Events() []trace.Event {
	events := c.ReadOnlySpan.Events()
	cleaned := make([]trace.Event, len(events))
	for i, event := range events {
		event.Attributes = permitted(event.Attributes)
		cleaned[i] = event
	}
	return cleaned
}

// Links implements trace.ReadOnlySpan. A link names another span, and says nothing else of it.
func (c clean) Links() []trace.Link {
	links := c.ReadOnlySpan.Links()
	cleaned := make([]trace.Link, len(links))
	for i, link := range links {
		link.Attributes = nil
		cleaned[i] = link
	}
	return cleaned
}

// Status implements trace.ReadOnlySpan.
func (c clean) Status() trace.Status { return trace.Status{Code: c.ReadOnlySpan.Status().Code} }

func permitted(all []attribute.KeyValue) []attribute.KeyValue {
	kept := make([]attribute.KeyValue, 0, len(all))
	for _, a := range all {
		if attributes[a.Key] {
			kept = append(kept, a)
		}
	}
	return kept
}
