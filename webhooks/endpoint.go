package webhooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/keyring"
	"paygate/page"
	"paygate/webhooks/signature"
	"paygate/wire"
)

// The states of an endpoint.
const (
	EndpointEnabled  = "enabled"
	EndpointDisabled = "disabled"
)

// Reasons why an endpoint is disabled.
const (
	disabledByMerchant = "disabled_by_merchant"
	disabledByGone     = "endpoint_answered_410"
	disabledByFailing  = "endpoint_failing_for_5_days"
)

// Endpoint is a merchant's URL for webhooks, as the API shows it.
type Endpoint struct {
	ID             string   `json:"id"`
	Object         string   `json:"object"`
	URL            string   `json:"url"`
	Description    *string  `json:"description"`
	EventTypes     []string `json:"event_types"`
	Status         string   `json:"status"`
	DisabledReason *string  `json:"disabled_reason"`
	// HeaderNames are the endpoint's own headers; their values are shown by Reveal alone.
	HeaderNames []string `json:"header_names"`
	// RateLimit is how many requests a second it gets at most; nil for as many as it takes.
	RateLimit *int32 `json:"rate_limit"`
	// FailingSince is since when nothing has succeeded; nil while it works.
	FailingSince *wire.Time `json:"failing_since"`
	CreatedAt    wire.Time  `json:"created_at"`
	UpdatedAt    wire.Time  `json:"updated_at"`
	// Secret is shown once, in the answer that made it.
	Secret string `json:"secret,omitzero"`
}

func showEndpoint(row *dbsqlc.WebhookEndpoint) *Endpoint {
	return &Endpoint{
		ID: row.ID, Object: "webhook_endpoint", URL: row.URL, Description: row.Description, EventTypes: row.EventTypes,
		Status: row.Status, DisabledReason: row.DisabledReason,
		HeaderNames: row.HeaderNames, RateLimit: row.RateLimit, FailingSince: (*wire.Time)(row.FailingSince),
		CreatedAt: wire.Time(row.CreatedAt), UpdatedAt: wire.Time(row.UpdatedAt),
	}
}

// Endpoints keeps the merchants' endpoints and their secrets.
type Endpoints struct {
	DB      *pgxpool.Pool
	Guard   *Guard
	Keyring *keyring.Keyring
	Queue   Queue
	Now     func() time.Time
}

// EndpointParams describes a new endpoint.
type EndpointParams struct {
	URL         string
	Description *string
	// EventTypes are types or patterns (`payment.*`); nil means all events.
	EventTypes []string
	// Headers go with every delivery.
	Headers map[string]string
	// RateLimit is in requests a second; nil for none.
	RateLimit *int32
	// Secret signs; nil is for a fresh one, which is all that merchants can have.
	Secret *signature.Secret
}

// Create stores a new endpoint with a fresh secret, which only this answer shows. It fails
// with url_refused or invalid_value.
func (s *Endpoints) Create(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, params EndpointParams) (*Endpoint, error) {
	if err := s.Guard.CheckURL(ctx, params.URL); err != nil {
		return nil, err
	}
	types, err := checkPatterns(params.EventTypes)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkDescription(params.Description), checkRateLimit(params.RateLimit)); err != nil {
		return nil, err
	}
	headers, err := checkHeaders(params.Headers)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	row := &dbsqlc.WebhookEndpoint{
		ID: ids.New(ids.Endpoint), MerchantID: merchantID, URL: params.URL, Description: params.Description,
		EventTypes: types, RateLimit: params.RateLimit, Status: EndpointEnabled, CreatedAt: now, UpdatedAt: now,
	}
	if row.Headers, row.HeaderNames, err = sealHeaders(s.Keyring, row.ID, headers); err != nil {
		return nil, err
	}
	if err := dbsqlc.New().EndpointInsert(ctx, tx, &dbsqlc.EndpointInsertParams{
		ID: row.ID, MerchantID: merchantID, URL: row.URL, Description: row.Description, EventTypes: types,
		Headers: row.Headers, HeaderNames: row.HeaderNames, RateLimit: row.RateLimit, CreatedAt: now,
	}); err != nil {
		return nil, fmt.Errorf("error storing an endpoint: %w", err)
	}
	if params.Secret == nil {
		params.Secret = new(signature.GenerateSecret())
	}
	secret := params.Secret.Reveal()
	if err := s.addSecret(ctx, tx, merchantID, row.ID, secret); err != nil {
		return nil, err
	}
	endpoint := showEndpoint(row)
	endpoint.Secret = secret
	return endpoint, nil
}

// SeedEndpoint is a known endpoint for demo data.
type SeedEndpoint struct {
	ID, URL, Secret string
	MerchantID      uuid.UUID
}

// Seed makes the endpoint unless it is there already. It trusts the URL: the operator gives it.
func (s *Endpoints) Seed(ctx context.Context, seed SeedEndpoint) error {
	return db.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		description := "Demo receiver"
		made, err := dbsqlc.New().EndpointSeed(ctx, tx, &dbsqlc.EndpointSeedParams{
			ID: seed.ID, MerchantID: seed.MerchantID, URL: seed.URL, Description: &description,
			EventTypes: []string{"*"}, CreatedAt: s.Now(),
		})
		if err != nil {
			return fmt.Errorf("error seeding an endpoint: %w", err)
		}
		if made == 0 {
			return nil
		}
		return s.addSecret(ctx, tx, seed.MerchantID, seed.ID, seed.Secret)
	})
}

func (s *Endpoints) addSecret(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, endpointID, secret string) error {
	err := dbsqlc.New().SecretInsert(ctx, tx, &dbsqlc.SecretInsertParams{
		MerchantID: merchantID, EndpointID: endpointID, CreatedAt: s.Now(),
		Sealed: s.Keyring.Seal([]byte(secret), secretContext(endpointID)),
	})
	if err != nil {
		return fmt.Errorf("error storing a secret: %w", err)
	}
	return nil
}

// secretContext binds a sealed secret to its endpoint, so that rows cannot be swapped.
func secretContext(endpointID string) []byte { return []byte("webhook_secrets:" + endpointID) }

// Get returns one endpoint, or not_found.
func (s *Endpoints) Get(ctx context.Context, merchantID uuid.UUID, id string) (*Endpoint, error) {
	row, err := dbsqlc.New().EndpointGet(ctx, s.DB, &dbsqlc.EndpointGetParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return nil, endpointError(err)
	}
	return showEndpoint(row), nil
}

// List returns a page of endpoints, newest first.
func (s *Endpoints) List(ctx context.Context, merchantID uuid.UUID, params page.Params) (*page.List[*Endpoint], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.WebhookEndpoint, *Endpoint]{
		At: func(id string) (time.Time, error) {
			row, err := queries.EndpointGet(ctx, s.DB, &dbsqlc.EndpointGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.WebhookEndpoint, error) {
			return queries.EndpointListPage(ctx, s.DB, &dbsqlc.EndpointListPageParams{
				MerchantID: merchantID, BeforeAt: at, BeforeID: id, RowLimit: limit,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.WebhookEndpoint, error) {
			return queries.EndpointListPageUp(ctx, s.DB, &dbsqlc.EndpointListPageUpParams{
				MerchantID: merchantID, AfterAt: at, AfterID: id, RowLimit: limit,
			})
		},
		Show: showEndpoint,
	})
}

// EndpointChange lists what to change; nil leaves a value as it is.
type EndpointChange struct {
	URL         *string
	Description wire.Optional[string]
	EventTypes  []string
	// Headers replace all that there are; null removes them.
	Headers   wire.Optional[map[string]string]
	RateLimit wire.Optional[int32]
	// Enabled switches the endpoint on or off. Switching it on sends what waited.
	Enabled *bool
}

// Update changes an endpoint. It fails with not_found, url_refused or invalid_value.
func (s *Endpoints) Update(ctx context.Context, merchantID uuid.UUID, id string, change EndpointChange) (*Endpoint, error) {
	return s.UpdateIn(ctx, s.DB, merchantID, id, change)
}

// UpdateIn is Update as part of another transaction.
func (s *Endpoints) UpdateIn(ctx context.Context, in db.Beginner, merchantID uuid.UUID, id string, change EndpointChange) (*Endpoint, error) {
	params := &dbsqlc.EndpointUpdateParams{
		MerchantID: merchantID, ID: id, Now: s.Now(), URL: change.URL, DescriptionDoUpdate: change.Description.Present,
	}
	if change.URL != nil {
		if err := s.Guard.CheckURL(ctx, *change.URL); err != nil {
			return nil, err
		}
	}
	if change.Description.Present && !change.Description.Null {
		params.Description = &change.Description.Value
		if err := checkDescription(params.Description); err != nil {
			return nil, err
		}
	}
	if change.EventTypes != nil {
		types, err := checkPatterns(change.EventTypes)
		if err != nil {
			return nil, err
		}
		params.EventTypesDoUpdate, params.EventTypes = true, types
	}
	if change.Headers.Present {
		headers, err := checkHeaders(change.Headers.Value)
		if err != nil {
			return nil, err
		}
		params.HeadersDoUpdate = true
		if params.Headers, params.HeaderNames, err = sealHeaders(s.Keyring, id, headers); err != nil {
			return nil, err
		}
	}
	if change.RateLimit.Present {
		params.RateLimitDoUpdate = true
		if !change.RateLimit.Null {
			params.RateLimit = &change.RateLimit.Value
		}
		if err := checkRateLimit(params.RateLimit); err != nil {
			return nil, err
		}
	}
	if change.Enabled != nil {
		status, reason := EndpointEnabled, (*string)(nil)
		if !*change.Enabled {
			text := disabledByMerchant
			status, reason = EndpointDisabled, &text
		}
		params.Status, params.DisabledReason = &status, reason
	}
	var updated *dbsqlc.WebhookEndpoint
	err := db.InTx(ctx, in, func(tx pgx.Tx) (err error) {
		if updated, err = dbsqlc.New().EndpointUpdate(ctx, tx, params); err != nil {
			return endpointError(err)
		}
		if change.Enabled != nil && *change.Enabled {
			return s.resume(ctx, tx, id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return showEndpoint(updated), nil
}

// resume lets the deliveries that waited for the endpoint to be enabled be sent: they are parked
// already, so one job drains them, however many there are.
func (s *Endpoints) resume(ctx context.Context, tx pgx.Tx, endpointID string) error {
	resumed, err := dbsqlc.New().DeliveryResume(ctx, tx, &dbsqlc.DeliveryResumeParams{EndpointID: endpointID, Now: s.Now()})
	if err != nil {
		return fmt.Errorf("error resuming deliveries: %w", err)
	}
	if resumed == 0 {
		return nil
	}
	return enqueueDrain(ctx, tx, s.Queue, endpointID, time.Time{})
}

// Sweep finds parked deliveries that nobody has claimed although their endpoint is enabled, and has
// them sent. That catches what a worker had parked or claimed when it died, and what was paused by a
// transaction that still saw the endpoint disabled in the moment in which it was enabled. What waits for
// an endpoint that was deleted is given up.
func (s *Endpoints) Sweep(ctx context.Context) error {
	if err := dbsqlc.New().DeliveryAbandonOrphans(ctx, s.DB, s.Now()); err != nil {
		return fmt.Errorf("error giving up deliveries to deleted endpoints: %w", err)
	}
	waiting, err := dbsqlc.New().EndpointWithParked(ctx, s.DB, s.Now())
	if err != nil {
		return fmt.Errorf("error finding endpoints with parked deliveries: %w", err)
	}
	for _, id := range waiting {
		if _, err := dbsqlc.New().DeliveryResume(ctx, s.DB, &dbsqlc.DeliveryResumeParams{EndpointID: id, Now: s.Now()}); err != nil {
			return fmt.Errorf("error resuming deliveries: %w", err)
		}
		// A job that is there already is enough, such as the one that waits for an open breaker: however long
		// an endpoint fails, it has one.
		if err := enqueueDrain(ctx, nil, s.Queue, id, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes an endpoint; nothing more is sent to it, and what waited for it is exhausted. Its
// deliveries keep their history.
func (s *Endpoints) Delete(ctx context.Context, merchantID uuid.UUID, id string) error {
	return db.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		queries, now := dbsqlc.New(), s.Now()
		n, err := queries.EndpointDelete(ctx, tx, &dbsqlc.EndpointDeleteParams{MerchantID: merchantID, ID: id, Now: now})
		if err != nil {
			return fmt.Errorf("error deleting an endpoint: %w", err)
		}
		if n == 0 {
			return endpointError(pgx.ErrNoRows)
		}
		if err := queries.DeliveryAbandonParked(ctx, tx, &dbsqlc.DeliveryAbandonParkedParams{EndpointID: id, Now: now}); err != nil {
			return fmt.Errorf("error giving up deliveries: %w", err)
		}
		return nil
	})
}

func endpointError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "There is no webhook endpoint with this id.")
	}
	return fmt.Errorf("error reading an endpoint: %w", err)
}

// maxDescription bounds an endpoint's description, in characters.
const maxDescription = 255

func checkDescription(text *string) error {
	if text != nil && utf8.RuneCountInString(*text) > maxDescription {
		return fault.On(fault.InvalidValue, "description", "description may have at most %d characters.", maxDescription)
	}
	return nil
}

// maxRateLimit bounds an endpoint's rate limit, in requests a second. Who takes more needs none.
const maxRateLimit = 1000

func checkRateLimit(limit *int32) error {
	if limit != nil && (*limit < 1 || *limit > maxRateLimit) {
		return fault.On(fault.InvalidValue, "rate_limit", "rate_limit is in requests a second, 1 to %d; leave it out for none.", maxRateLimit)
	}
	return nil
}

// checkPatterns makes sure that every pattern covers at least one type, so that a spelling
// mistake is an error now and not a silence later.
func checkPatterns(patterns []string) ([]string, error) {
	switch {
	case patterns == nil:
		return []string{"*"}, nil
	case len(patterns) == 0:
		return nil, fault.On(fault.InvalidValue, "event_types", "event_types is empty. Use \"*\" for all events, or disable the endpoint to have none.")
	}
	for _, pattern := range patterns {
		family, wild := strings.CutSuffix(pattern, "*")
		covers := slices.ContainsFunc(Types, func(kind Type) bool { return Subscribed([]string{pattern}, kind) })
		if !covers || wild && family != "" && !strings.HasSuffix(family, ".") {
			return nil, fault.On(fault.InvalidValue, "event_types",
				"%q matches no event. Use %q for all, a family such as \"payment.*\", or a type such as \"payment.success\".", pattern, "*")
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(patterns))), nil
}
