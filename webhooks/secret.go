package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/tracing"
	"paygate/webhooks/signature"
	"paygate/wire"
)

const (
	// DefaultOverlap is how long the secrets before a rotation go on signing.
	DefaultOverlap = 24 * time.Hour
	// MaxOverlap bounds it.
	MaxOverlap = 7 * 24 * time.Hour
	// maxOldSecrets bounds how many secrets sign beside the newest: each costs 47 bytes of header.
	maxOldSecrets = 4
)

// Secrets is what an endpoint's deliveries carry that is nobody else's business.
type Secrets struct {
	Object     string   `json:"object"`
	EndpointID string   `json:"endpoint_id"`
	Secrets    []Secret `json:"secrets"`
	// Headers are the endpoint's own, sorted by name.
	Headers []Header `json:"headers"`
}

// Secret is one that signs, newest first. ExpiresAt is nil for the newest.
type Secret struct {
	Secret    string     `json:"secret"`
	CreatedAt wire.Time  `json:"created_at"`
	ExpiresAt *wire.Time `json:"expires_at"`
}

// Reveal shows what is otherwise shown once or never. It fails with not_found.
func (s *Endpoints) Reveal(ctx context.Context, merchantID uuid.UUID, id string) (*Secrets, error) {
	queries := dbsqlc.New()
	endpoint, err := queries.EndpointGet(ctx, s.DB, &dbsqlc.EndpointGetParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return nil, endpointError(err)
	}
	rows, err := queries.SecretReveal(ctx, s.DB, &dbsqlc.SecretRevealParams{MerchantID: merchantID, EndpointID: id, Now: s.Now()})
	if err != nil {
		return nil, fmt.Errorf("error reading secrets: %w", err)
	}
	revealed := &Secrets{Object: "webhook_endpoint_secrets", EndpointID: id, Secrets: make([]Secret, 0, len(rows)), Headers: []Header{}}
	for _, row := range rows {
		text, err := s.Keyring.Open(row.Sealed, secretContext(id))
		if err != nil {
			return nil, fmt.Errorf("error opening a secret of %s: %w", id, err)
		}
		revealed.Secrets = append(revealed.Secrets, Secret{string(text), wire.Time(row.CreatedAt), (*wire.Time)(row.ExpiresAt)})
	}
	headers, err := openHeaders(s.Keyring, id, endpoint.Headers)
	if err != nil {
		return nil, err
	}
	for _, name := range endpoint.HeaderNames {
		revealed.Headers = append(revealed.Headers, Header{name, headers[name]})
	}
	return revealed, nil
}

// Rotate gives an endpoint a new secret, which the answer shows, inside tx. Those before it go on
// signing for overlap, so that the receiver can change at its own time. It fails with not_found, or
// with invalid_value for an overlap out of bounds.
func (s *Endpoints) Rotate(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, id string, overlap time.Duration) (*Endpoint, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return nil, fault.On(fault.InvalidValue, "overlap_seconds", "overlap_seconds must be from 0 to %d.", int(MaxOverlap/time.Second))
	}
	queries := dbsqlc.New()
	row, err := queries.EndpointLock(ctx, tx, &dbsqlc.EndpointLockParams{MerchantID: merchantID, ID: id}) // one rotation at a time
	if err != nil {
		return nil, endpointError(err)
	}
	now := s.Now()
	if err := queries.SecretExpire(ctx, tx, &dbsqlc.SecretExpireParams{
		MerchantID: merchantID, EndpointID: id, Now: now, Until: now.Add(overlap), Kept: maxOldSecrets,
	}); err != nil {
		return nil, fmt.Errorf("error letting secrets expire: %w", err)
	}
	endpoint := showEndpoint(row)
	endpoint.Secret = signature.GenerateSecret().Reveal()
	return endpoint, s.addSecret(ctx, tx, merchantID, id, endpoint.Secret)
}

// Test sends webhook.test to one endpoint inside tx: as every delivery is sent, whatever it subscribes
// to. It fails with not_found, endpoint_disabled, or with url_refused when nothing could be sent.
func (s *Endpoints) Test(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, id string) (*Delivery, error) {
	queries := dbsqlc.New()
	row, err := queries.EndpointGet(ctx, tx, &dbsqlc.EndpointGetParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return nil, endpointError(err)
	}
	if row.Status == EndpointDisabled {
		return nil, fault.New(fault.EndpointDisabled, "The endpoint is disabled, so nothing is sent to it. Enable it first.")
	}
	if err := s.Guard.CheckURL(ctx, row.URL); err != nil {
		return nil, err
	}
	event, err := NewEvent(merchantID, WebhookTest, Refs{}, s.Now(), endpointName, showEndpoint(row))
	if err != nil {
		return nil, err
	}
	event.only = id
	if err := Emit(ctx, tx, s.Queue, []Event{event.In(tracing.Parent(ctx))}); err != nil {
		return nil, err
	}
	delivery, err := queries.DeliveryOfEvent(ctx, tx, &dbsqlc.DeliveryOfEventParams{EventID: event.id, EndpointID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, endpointError(err) // deleted meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a test delivery: %w", err)
	}
	return showDelivery(delivery), nil
}
