package webhooks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/page"
	"paygate/tracing"
	"paygate/webhooks/signature"
	"paygate/wire"
)

// The states of a delivery. Only pending, retrying and paused are waiting for something.
const (
	// DeliveryPending has not been tried yet.
	DeliveryPending = "pending"
	// DeliveryRetrying failed and will be tried again at next_attempt_at.
	DeliveryRetrying = "retrying"
	// DeliveryDelivered was answered with 2xx.
	DeliveryDelivered = "delivered"
	// DeliveryExhausted used up the schedule; it can be resent by hand.
	DeliveryExhausted = "exhausted"
	// DeliveryPaused waits for its endpoint to be enabled again.
	DeliveryPaused = "paused"
)

// Delivery is the sending of one event to one endpoint, as the API shows it.
type Delivery struct {
	ID            string     `json:"id"`
	Object        string     `json:"object"`
	EndpointID    string     `json:"endpoint_id"`
	EventID       string     `json:"event_id"`
	EventType     string     `json:"event_type"`
	PaymentID     *string    `json:"payment_id"`
	Status        string     `json:"status"`
	AttemptCount  int32      `json:"attempt_count"`
	NextAttemptAt *wire.Time `json:"next_attempt_at"`
	LastAttemptAt *wire.Time `json:"last_attempt_at"`
	ResponseCode  *int16     `json:"response_code"`
	CreatedAt     wire.Time  `json:"created_at"`
}

// DeliveryDetail is a delivery with what was sent and what came back.
type DeliveryDetail struct {
	Delivery

	URL string `json:"url"`
	// Body is the exact text that every attempt sends.
	Body     string    `json:"body"`
	Attempts []Attempt `json:"attempts"`
}

// Attempt is one exchange with the endpoint.
type Attempt struct {
	Number     int32     `json:"number"`
	Trigger    string    `json:"trigger"`
	StartedAt  wire.Time `json:"started_at"`
	DurationMS int32     `json:"duration_ms"`
	Timing     Timing    `json:"timing"`
	// RequestHeaders are those that were sent, but for the endpoint's own: those may hold credentials.
	RequestHeaders []Header `json:"request_headers"`
	// SignedContent is what webhook-signature covers, for finding out why a receiver's differs.
	SignedContent   string   `json:"signed_content"`
	Outcome         string   `json:"outcome"`
	ResponseCode    *int16   `json:"response_code"`
	ErrorClass      *string  `json:"error_class"`
	Error           *string  `json:"error"`
	ResponseHeaders []Header `json:"response_headers"`
	ResponseBody    *string  `json:"response_body"`
}

// Timing is where an attempt's time went, in milliseconds; nil for a part that there was none of, as of
// DNS when a connection was used again.
type Timing struct {
	DNSMS     *int32 `json:"dns_ms"`
	ConnectMS *int32 `json:"connect_ms"`
	TLSMS     *int32 `json:"tls_ms"`
	// FirstByteMS is from having a connection to the first byte of the answer.
	FirstByteMS *int32 `json:"first_byte_ms"`
}

func showAttempt(row *dbsqlc.WebhookAttempt, eventID, body string) (Attempt, error) {
	headers, err := loadHeaders(row.ResponseHeaders)
	if err != nil {
		return Attempt{}, err
	}
	sent := []Header{
		{"Content-Type", "application/json"},
		{"User-Agent", userAgent},
		{signature.HeaderID, eventID},
		{signature.HeaderTimestamp, strconv.FormatInt(row.StartedAt.Unix(), 10)},
	}
	if row.Signature != nil {
		sent = append(sent, Header{signature.HeaderSignature, *row.Signature})
	}
	if row.BodySignature != nil {
		sent = append(sent, Header{signature.HeaderBody, *row.BodySignature})
	}
	return Attempt{
		Number: row.Number, Trigger: row.Trigger, StartedAt: wire.Time(row.StartedAt), DurationMS: row.DurationMs,
		Timing:         Timing{row.DnsMs, row.ConnectMs, row.TlsMs, row.FirstByteMs},
		RequestHeaders: sent, SignedContent: string(signature.SignedContent(eventID, row.StartedAt, []byte(body))),
		Outcome: row.Outcome, ResponseCode: row.ResponseCode, ErrorClass: row.ErrorClass, Error: row.Error,
		ResponseHeaders: headers, ResponseBody: row.ResponseBody,
	}, nil
}

func showDelivery(row *dbsqlc.WebhookDelivery) *Delivery {
	return &Delivery{
		ID: row.ID, Object: "webhook_delivery", EndpointID: row.EndpointID, EventID: row.EventID, EventType: row.EventType,
		PaymentID: row.PaymentID, Status: row.Status, AttemptCount: row.AttemptCount,
		NextAttemptAt: (*wire.Time)(row.NextAttemptAt), LastAttemptAt: (*wire.Time)(row.LastAttemptAt),
		ResponseCode: row.ResponseCode, CreatedAt: wire.Time(row.CreatedAt),
	}
}

// Log reads deliveries, and resends them.
type Log struct {
	// DB answers what is shown; it may be a little old. What is resent is decided in a transaction of the caller's.
	DB    dbsqlc.DBTX
	Queue Queue
	Now   func() time.Time
}

// DeliveryFilter narrows a list; nil means any.
type DeliveryFilter struct {
	Status, EventType, EndpointID, PaymentID *string
	// CreatedFrom is inclusive, CreatedUntil exclusive.
	CreatedFrom, CreatedUntil *time.Time
}

// List returns a page of deliveries, newest first.
func (l *Log) List(ctx context.Context, merchantID uuid.UUID, filter DeliveryFilter, params page.Params) (*page.List[*Delivery], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.WebhookDelivery, *Delivery]{
		At: func(id string) (time.Time, error) {
			row, err := queries.DeliveryGet(ctx, l.DB, &dbsqlc.DeliveryGetParams{MerchantID: merchantID, ID: id})
			return row.WebhookDelivery.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.WebhookDelivery, error) {
			return queries.DeliveryListPage(ctx, l.DB, &dbsqlc.DeliveryListPageParams{
				MerchantID: merchantID, BeforeAt: at, BeforeID: id, RowLimit: limit,
				Status: filter.Status, EventType: filter.EventType, EndpointID: filter.EndpointID, PaymentID: filter.PaymentID,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.WebhookDelivery, error) {
			return queries.DeliveryListPageUp(ctx, l.DB, &dbsqlc.DeliveryListPageUpParams{
				MerchantID: merchantID, AfterAt: at, AfterID: id, RowLimit: limit,
				Status: filter.Status, EventType: filter.EventType, EndpointID: filter.EndpointID, PaymentID: filter.PaymentID,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Show: showDelivery,
	})
}

// Get returns a delivery with its body and attempts, or not_found.
func (l *Log) Get(ctx context.Context, merchantID uuid.UUID, id string) (*DeliveryDetail, error) {
	queries := dbsqlc.New()
	row, err := queries.DeliveryGet(ctx, l.DB, &dbsqlc.DeliveryGetParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return nil, deliveryError(err)
	}
	attempts, err := queries.AttemptList(ctx, l.DB, &dbsqlc.AttemptListParams{MerchantID: merchantID, DeliveryID: id})
	if err != nil {
		return nil, fmt.Errorf("error reading attempts: %w", err)
	}
	detail := &DeliveryDetail{Delivery: *showDelivery(&row.WebhookDelivery), URL: row.URL, Body: row.Body, Attempts: make([]Attempt, 0, len(attempts))}
	for _, a := range attempts {
		shown, err := showAttempt(a, row.WebhookDelivery.EventID, row.Body)
		if err != nil {
			return nil, err
		}
		detail.Attempts = append(detail.Attempts, shown)
	}
	return detail, nil
}

// FirstFailure returns the first attempt to deliver an event to an endpoint, when it has failed; nil before
// that, and when it succeeded.
func (l *Log) FirstFailure(ctx context.Context, merchantID uuid.UUID, eventID, endpointID string) (*Attempt, error) {
	row, err := dbsqlc.New().DeliveryOfEvent(ctx, l.DB, &dbsqlc.DeliveryOfEventParams{EventID: eventID, EndpointID: endpointID})
	if err != nil {
		return nil, deliveryError(err)
	}
	if row.AttemptCount == 0 {
		return nil, nil
	}
	detail, err := l.Get(ctx, merchantID, row.ID)
	if err != nil || len(detail.Attempts) == 0 || detail.Attempts[0].Error == nil {
		return nil, err
	}
	return &detail.Attempts[0], nil
}

// Resend enqueues one more attempt inside tx, whatever the delivery's state, without using up
// its schedule; asking twice sends twice. It fails with not_found, or with endpoint_disabled
// when nothing may be sent to the endpoint.
func (l *Log) Resend(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, id string) (*Delivery, error) {
	queries := dbsqlc.New()
	row, err := queries.DeliveryGet(ctx, tx, &dbsqlc.DeliveryGetParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return nil, deliveryError(err)
	}
	if row.EndpointDeletedAt != nil || row.EndpointStatus == EndpointDisabled {
		return nil, fault.New(fault.EndpointDisabled,
			"The endpoint of this delivery is disabled or deleted, so nothing can be sent to it. Enable it first; what waits for it is then sent by itself.")
	}
	if err := db.Enqueue(ctx, tx, l.Queue, []river.InsertManyParams{db.Job(DeliverArgs{DeliveryID: id, EndpointID: row.WebhookDelivery.EndpointID, Manual: true}, tracing.Parent(ctx))}); err != nil {
		return nil, err
	}
	return showDelivery(&row.WebhookDelivery), nil
}

func deliveryError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "There is no webhook delivery with this id.")
	}
	return fmt.Errorf("error reading a delivery: %w", err)
}
