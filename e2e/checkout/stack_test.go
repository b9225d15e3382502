package checkout_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/checkout"
	"paygate/checkout/shop"
	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// The names by which the browser knows the servers; it is told where they really are.
const (
	checkoutOrigin = "http://localhost:3001" // as the documented snippet has it
	shopOrigin     = "http://shop.test"
	evilOrigin     = "http://evil.test"

	demoKey        = "key_test_abc123"
	demoOrder      = "order_xyz"
	checkoutSecret = "checkout_secret_test"
)

var demoMerchant = uuid.MustParse("550e8400-e29b-41d4-a716-446655440000")

// stack is the gateway as it runs, with its hands on the network and the bank.
type stack struct {
	pool     *pgxpool.Pool
	payments *payments.Service
	bank     *processor.Simulator
	keys     *merchants.Keys
	network  *network

	// The servers, by their real addresses.
	checkout, shop, control *httptest.Server
}

func newStack(t *testing.T) *stack {
	t.Helper()
	ctx := t.Context()
	logger := slog.New(slog.DiscardHandler)
	s := &stack{pool: dbtest.Pool(t)}
	s.keys = &merchants.Keys{DB: s.pool, Now: time.Now}
	ring := keyring.Development()
	fingerprints, err := idempotency.LoadFingerprinter(ctx, s.pool, ring)
	require.NoError(t, err)
	queue, err := jobs.NewInserter(s.pool, logger)
	require.NoError(t, err)
	s.bank, err = processor.NewSimulator(s.pool, processor.Config{
		Logger: logger, LatencyMin: 100 * time.Millisecond, LatencyMax: 200 * time.Millisecond, SlowLatency: 2 * time.Second,
		ActionURL: func(reference string) string { return checkoutOrigin + checkout.ActionPath + reference },
		Notify:    func(ctx context.Context, reference string) error { return s.payments.Resume(ctx, reference) },
	})
	require.NoError(t, err)
	s.payments = payments.New(payments.Options{DB: s.pool, Acquirer: s.bank, Queue: queue, Now: time.Now})
	guard := webhooks.NewGuard(webhooks.GuardOptions{})
	deliverer := webhooks.NewDeliverer(webhooks.DelivererOptions{
		DB: s.pool, Client: webhooks.NewClient(guard, time.Second, time.Now), Keyring: ring, Queue: queue, Now: time.Now,
	})
	workers, err := jobs.NewClient(jobs.Options{
		DB: s.pool, Payments: s.payments, Deliverer: deliverer,
		Endpoints: &webhooks.Endpoints{DB: s.pool, Guard: guard, Keyring: ring, Queue: queue, Now: time.Now}, Logger: logger,
	})
	require.NoError(t, err)
	require.NoError(t, workers.Start(context.WithoutCancel(ctx)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, workers.Stop(ctx))
		require.NoError(t, deliverer.Close(ctx))
		require.NoError(t, s.payments.Close(ctx))
		require.NoError(t, s.bank.Close(ctx))
	})

	storefronts := &merchants.Storefronts{DB: s.pool, Keyring: ring, Now: time.Now}
	s.seed(t, storefronts)
	server := checkout.New(checkout.Options{
		DB: s.pool, Payments: s.payments, Keys: s.keys, Storefronts: storefronts,
		Fingerprints: fingerprints, Logger: logger, Actions: s.bank,
	})
	t.Cleanup(server.Close)
	s.network = newNetwork(server)
	s.checkout = serve(t, s.network)
	s.shop = serve(t, pages(shop.New(shop.Options{CheckoutURL: checkoutOrigin, Key: demoKey, OrderID: demoOrder, Secret: checkoutSecret})))
	s.control = serve(t, s.controls())
	return s
}

func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func (s *stack) seed(t *testing.T, storefronts *merchants.Storefronts) {
	t.Helper()
	ctx, queries, now := t.Context(), dbsqlc.New(), time.Now()
	require.NoError(t, queries.MerchantUpsert(ctx, s.pool, &dbsqlc.MerchantUpsertParams{ID: demoMerchant, Name: "Demo Shop", Email: "test@example.com", CreatedAt: now}))
	require.NoError(t, queries.APIKeyUpsert(ctx, s.pool, &dbsqlc.APIKeyUpsertParams{
		ID: demoKey, MerchantID: demoMerchant, Name: "Demo", SecretHash: merchants.HashSecret("secret_test_xyz789"), CreatedAt: now,
	}))
	require.NoError(t, queries.OrderSeed(ctx, s.pool, &dbsqlc.OrderSeedParams{ID: demoOrder, MerchantID: demoMerchant, Amount: 50000, Currency: "INR", CreatedAt: now}))
	require.NoError(t, storefronts.AddOrigin(ctx, demoMerchant, shopOrigin))
	require.NoError(t, storefronts.SeedCheckoutSecret(ctx, demoMerchant, checkoutSecret))
}
