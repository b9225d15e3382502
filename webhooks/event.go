// Package webhooks tells merchants what happened: events, the endpoints that
// subscribe to them, and the deliveries of one to the other.
//
// An event, its deliveries and the River jobs that make them are inserted in the
// transaction of what happened (Emit), so that none of them can be missing. The body
// is rendered once, then; every attempt sends, and every signature covers, those bytes.
package webhooks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/db/pipeline"
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

// envelope is the body of a webhook. The order of its members is part of the contract.
type envelope struct {
	ID        string    `json:"id"`
	Type      Type      `json:"type"`
	Timestamp wire.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// NewEvent renders the body of an event. data is a struct with one member, named for the
// resource that it holds: {"payment":{…}}.
func NewEvent(merchantID uuid.UUID, kind Type, refs Refs, at time.Time, data any) (Event, error) {
	event := Event{id: ids.New(ids.Event), merchantID: merchantID, kind: kind, refs: refs, at: at}
	body, err := wire.Encode(envelope{event.id, kind, wire.Time(at), data})
	if err != nil {
		return Event{}, fmt.Errorf("error rendering event %s: %w", kind, err)
	}
	event.body = string(body)
	return event, nil
}

// In returns the event as one that came about in the span that a traceparent names: its webhooks go on with that trace.
func (e Event) In(traceparent string) Event {
	e.traceparent = traceparent
	return e
}

// Queue inserts River jobs inside a transaction; an insert-only client is enough.
type Queue = *river.Client[pgx.Tx]

// Subscribers are the endpoints that events of some merchants may reach.
type Subscribers []*dbsqlc.EndpointSubscribersRow

// Find is the question for those of merchants; repetitions do not matter.
func (s *Subscribers) Find(ctx context.Context, merchants []uuid.UUID) pipeline.Ask {
	return func(db dbsqlc.DBTX) error {
		rows, err := dbsqlc.New().EndpointSubscribers(ctx, db, merchants)
		if err != nil {
			return fmt.Errorf("error finding subscribed endpoints: %w", err)
		}
		*s = rows
		return nil
	}
}

// Emit stores events inside the transaction of what they tell, with a delivery and its job
// for every subscribed endpoint. Deliveries of a disabled endpoint are stored too, and wait.
func Emit(ctx context.Context, tx pgx.Tx, queue Queue, events []Event) error {
	var merchants []uuid.UUID
	for _, e := range events {
		if !slices.Contains(merchants, e.merchantID) {
			merchants = append(merchants, e.merchantID)
		}
	}
	if len(merchants) == 0 {
		return nil
	}
	var subscribers Subscribers
	if err := subscribers.Find(ctx, merchants)(tx); err != nil {
		return err
	}
	return subscribers.Emit(ctx, tx, queue, events)
}

// Emit is the function of that name, where the subscribers are known. jobs are the transaction's others, which are
// enqueued together with those of the deliveries.
func (s Subscribers) Emit(ctx context.Context, tx pgx.Tx, queue Queue, events []Event, jobs ...river.InsertManyParams) error {
	if len(events) == 0 {
		return db.Enqueue(ctx, tx, queue, jobs)
	}
	queries := dbsqlc.New()
	rows := &dbsqlc.EventInsertManyParams{}
	for _, e := range events {
		rows.Ids = append(rows.Ids, e.id)
		rows.MerchantIds = append(rows.MerchantIds, e.merchantID)
		rows.Types = append(rows.Types, string(e.kind))
		rows.PaymentIds = append(rows.PaymentIds, e.refs.PaymentID)
		rows.OrderIds = append(rows.OrderIds, e.refs.OrderID)
		rows.RefundIds = append(rows.RefundIds, e.refs.RefundID)
		rows.Bodies = append(rows.Bodies, e.body)
		rows.Traceparents = append(rows.Traceparents, e.traceparent)
		rows.CreatedAts = append(rows.CreatedAts, e.at)
	}
	if err := queries.EventInsertMany(ctx, tx, rows); err != nil {
		return fmt.Errorf("error storing events: %w", err)
	}
	deliveries := &dbsqlc.DeliveryInsertManyParams{}
	toSend := make(map[string][]fresh)
	for _, e := range events {
		for _, endpoint := range s {
			if endpoint.MerchantID != e.merchantID || !e.reaches(endpoint.ID, endpoint.EventTypes) {
				continue
			}
			id := ids.New(ids.Delivery)
			status := DeliveryPending
			if endpoint.Status == EndpointDisabled {
				status = DeliveryPaused
			} else {
				toSend[endpoint.ID] = append(toSend[endpoint.ID], fresh{id, e.traceparent})
			}
			deliveries.Ids = append(deliveries.Ids, id)
			deliveries.MerchantIds = append(deliveries.MerchantIds, e.merchantID)
			deliveries.EndpointIds = append(deliveries.EndpointIds, endpoint.ID)
			deliveries.EventIds = append(deliveries.EventIds, e.id)
			deliveries.EventTypes = append(deliveries.EventTypes, string(e.kind))
			deliveries.PaymentIds = append(deliveries.PaymentIds, e.refs.PaymentID)
			deliveries.Statuses = append(deliveries.Statuses, status)
			deliveries.CreatedAts = append(deliveries.CreatedAts, e.at)
		}
	}
	if len(deliveries.Ids) > 0 {
		if err := queries.DeliveryInsertMany(ctx, tx, deliveries); err != nil {
			return fmt.Errorf("error storing deliveries: %w", err)
		}
	}
	for endpointID, made := range toSend {
		jobs = append(jobs, firstAttempts(endpointID, made)...)
	}
	return db.Enqueue(ctx, tx, queue, jobs)
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
