// Package webhooks tells merchants what happened: events, the endpoints that
// subscribe to them, and the deliveries of one to the other.
//
// An event, its deliveries and the River jobs that make them are inserted in the
// transaction of what happened (Emit), so that none of them can be missing. The body
// is rendered once, then; every attempt sends, and every signature covers, those bytes.
package webhooks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"paygate/db/ids"
	"paygate/wire"
)

// Type names what happened.
type Type string

// The types of events.
const (
	PaymentCreated        Type = "payment.created"
	PaymentRequiresAction Type = "payment.requires_action"
	PaymentAuthorized     Type = "payment.authorized"
	PaymentSuccess        Type = "payment.success"
	PaymentFailed         Type = "payment.failed"
	PaymentCanceled       Type = "payment.canceled"
	RefundCreated         Type = "refund.created"
	RefundProcessed       Type = "refund.processed"
	RefundFailed          Type = "refund.failed"
	OrderPaid             Type = "order.paid"
	// WebhookTest is sent on request, to one endpoint, whatever that subscribes to.
	WebhookTest Type = "webhook.test"
	// EndpointWasDisabled tells the other endpoints that one was disabled because of how it answered.
	EndpointWasDisabled Type = "endpoint.disabled"
)

// Types lists them all, as an endpoint may subscribe to them.
var Types = []Type{
	PaymentCreated, PaymentRequiresAction, PaymentAuthorized, PaymentSuccess, PaymentFailed, PaymentCanceled,
	RefundCreated, RefundProcessed, RefundFailed, OrderPaid, WebhookTest, EndpointWasDisabled,
}

// Refs are the records that an event is about, for finding it again.
type Refs struct {
	PaymentID, OrderID, RefundID string
}

// envelopeLength is about how long an envelope is around its resource.
const envelopeLength = 150

// Event is something that happened, before it is stored.
type Event struct {
	id         string
	merchantID uuid.UUID
	kind       Type
	refs       Refs
	body       string
	at         time.Time
	// traceparent names the span in which it came about; "" for none.
	traceparent string
	// only is the one endpoint that gets the event, subscribed or not; except is one that does not.
	only, except string
}

// reaches tells whether an endpoint with these patterns gets the event.
func (e *Event) reaches(endpointID string, patterns []string) bool {
	if e.only != "" {
		return endpointID == e.only
	}
	return endpointID != e.except && Subscribed(patterns, e.kind)
}

// NewEvent renders the body of an event about a resource, such as a payment: its data is {"payment":{…}}, where name is `payment`.
func NewEvent(merchantID uuid.UUID, kind Type, refs Refs, at time.Time, name string, resource any) (Event, error) {
	event := Event{id: ids.New(ids.Event), merchantID: merchantID, kind: kind, refs: refs, at: at}
	text, err := wire.Encode(resource)
	if err != nil {
		return Event{}, fmt.Errorf("error rendering event %s: %w", kind, err)
	}
	event.body = envelope(event.id, kind, wire.Time(at), name, text)
	return event, nil
}

// envelope is the body of a webhook. The order of its members is part of the contract. It is put together here, for text was
// encoded before, and what stands around it holds nothing that JSON escapes.
func envelope(id string, kind Type, at wire.Time, name string, text []byte) string {
	var body strings.Builder
	body.Grow(len(text) + envelopeLength)
	for _, part := range []string{`{"id":"`, id, `","type":"`, string(kind), `","timestamp":"`, at.String(), `","data":{"`, name, `":`} {
		body.WriteString(part)
	}
	body.Write(text)
	body.WriteString(`}}`)
	return body.String()
}

// In returns the event as one that came about in the span that a traceparent names: its webhooks go on with that trace.
func (e Event) In(traceparent string) Event {
	e.traceparent = traceparent
	return e
}

// Subscribed tells whether one of the patterns covers the type: `*` covers all, `payment.*`
// all of its family, anything else itself.
func Subscribed(patterns []string, kind Type) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if family, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(string(kind), family)
		}
		return pattern == string(kind)
	})
}
