package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/webhooks"
)

// The demo data that documents and examples refer to.
const (
	demoName         = "Demo Shop"
	demoEmail        = "test@example.com"
	demoKey          = "key_test_abc123"
	demoSecret       = "secret_test_xyz789"
	demoOrder        = "order_xyz"
	demoAmount       = 50000
	demoCurrency     = "INR"
	demoEndpoint     = "we_demo"
	demoEndpointPath = "/webhook"
	// demoWebhookSecret is "paygate-demo-receiver-24" in base 64: a Standard Webhooks secret has 24 bytes or more.
	demoWebhookSecret = "whsec_cGF5Z2F0ZS1kZW1vLXJlY2VpdmVyLTI0" //nolint:gosec // public on purpose
)

var demoMerchant = uuid.MustParse("550e8400-e29b-41d4-a716-446655440000")

type seedCommand struct {
	databaseSettings    `embed:"" group:"Storage"`
	secretSettings      `embed:"" group:"Secrets"`
	developmentSettings `embed:""`
	ReceiverURL         webURL `name:"receiver-url" env:"PAYGATE_RECEIVER_URL" default:"http://localhost:4000/webhook" group:"Webhooks" help:"Where the demo merchant's webhooks go."`
}

func (c *seedCommand) run(ctx context.Context, io streams) error {
	if !c.Development {
		return usagef("seed makes a merchant whose keys everybody knows: it needs PAYGATE_DEVELOPMENT=true")
	}
	keys, err := c.keyring(true)
	if err != nil {
		return err
	}
	pool, err := c.open(ctx, "seed", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := seed(ctx, pool, keys, string(c.ReceiverURL)); err != nil {
		return err
	}
	return say(io.out, "The demo merchant %s is there: %s / %s, order %s, webhooks to %s.\n", demoEmail, demoKey, demoSecret, demoOrder, c.ReceiverURL)
}

// seed makes the demo data where it is missing; it changes nothing that is there.
func seed(ctx context.Context, pool *pgxpool.Pool, keys *keyring.Keyring, receiverURL string) error {
	queries := dbsqlc.New()
	if err := queries.MerchantUpsert(ctx, pool, &dbsqlc.MerchantUpsertParams{ID: demoMerchant, Name: demoName, Email: demoEmail, CreatedAt: now()}); err != nil {
		return fmt.Errorf("error seeding the merchant: %w", err)
	}
	if err := queries.APIKeyUpsert(ctx, pool, &dbsqlc.APIKeyUpsertParams{
		ID: demoKey, MerchantID: demoMerchant, Name: "Demo", SecretHash: merchants.HashSecret(demoSecret), CreatedAt: now(),
	}); err != nil {
		return fmt.Errorf("error seeding the key: %w", err)
	}
	if err := queries.OrderSeed(ctx, pool, &dbsqlc.OrderSeedParams{
		ID: demoOrder, MerchantID: demoMerchant, Amount: demoAmount, Currency: demoCurrency, CreatedAt: now(),
	}); err != nil {
		return fmt.Errorf("error seeding the order: %w", err)
	}
	storefronts := &merchants.Storefronts{DB: pool, Keyring: keys, Now: now}
	if err := storefronts.SeedCheckoutSecret(ctx, demoMerchant, demoCheckoutSecret); err != nil {
		return err
	}
	endpoints := &webhooks.Endpoints{DB: pool, Keyring: keys, Now: now}
	return endpoints.Seed(ctx, webhooks.SeedEndpoint{ID: demoEndpoint, URL: receiverURL, Secret: demoWebhookSecret, MerchantID: demoMerchant})
}

// seededURL is a URL that dev gave the demo endpoint in some run.
var seededURL = regexp.MustCompile(`^http://localhost:\d+` + demoEndpointPath + `$`)

// followReceiver points the demo endpoint at dev's receiver when that was moved to another port since
// the endpoint was seeded. One that somebody has pointed elsewhere, or deleted, is left alone.
func followReceiver(ctx context.Context, pool *pgxpool.Pool, keys *keyring.Keyring, receiverURL string) error {
	endpoints := &webhooks.Endpoints{DB: pool, Guard: endpointSettings{loopback}.guard(true), Keyring: keys, Now: now}
	endpoint, err := endpoints.Get(ctx, demoMerchant, demoEndpoint)
	if fault.CodeOf(err) == fault.NotFound || err == nil && (endpoint.URL == receiverURL || !seededURL.MatchString(endpoint.URL)) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = endpoints.Update(ctx, demoMerchant, demoEndpoint, webhooks.EndpointChange{URL: &receiverURL})
	return err
}
