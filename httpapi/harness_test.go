package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/db/ids"
	"paygate/gate"
	"paygate/gate/gatetest"
	"paygate/httpapi"
	"paygate/httpapi/contract"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

func TestMain(m *testing.M) {
	gatetest.Quiet()
	dbtest.Main(m)
}

// patience is how long a test waits for what happens in the background. It is generous because it
// is only ever spent by a test that fails.
const patience = 30 * time.Second

// setup is how an api differs from a plain one: no workers, a closed sandbox.
type setup struct {
	workers bool
	// sandbox lets requests without credentials act for api.shop.
	sandbox bool
	// schedule of webhook attempts; one attempt when empty.
	schedule string
	now      func() time.Time
	logger   *slog.Logger
	// beside is another process over the same Postgres and Redis, with the same merchants.
	beside *api
	// line makes the way to Redis one that the test can spoil.
	line bool
	// limit is RATE_LIMIT; none when zero.
	limit gate.Rate
	// bounds changes those of the server's connections.
	bounds func(*http.Server)
	// pool is one that the test has made; a fresh one when nil.
	pool *pgxpool.Pool
	// timeout is that of requests, the default when zero.
	timeout time.Duration
}

// api is the whole gateway as its callers meet it: real HTTP in front, real Postgres and Redis
// behind, and with setup.workers real River workers and the simulated acquirer.
type api struct {
	pool     *pgxpool.Pool
	redis    *redis.Client
	redisURL string
	line     *gatetest.Proxy // nil without setup.line
	acquirer *processor.Simulator
	url      string
	// routes is what the router knows, each as "GET /api/v1/orders/:id".
	routes []string
	// shop and other are two merchants that know nothing of each other.
	shop, other *caller

	transport *http.Transport
}

func newAPI(t *testing.T, s setup) *api {
	t.Helper()
	if s.now == nil {
		s.now = func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	}
	if s.schedule == "" {
		s.schedule = "0s"
	}
	if s.logger == nil {
		s.logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	}
	a := &api{transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	if s.beside == nil {
		if a.pool = s.pool; a.pool == nil {
			a.pool = dbtest.Pool(t)
		}
		a.redisURL = dbtest.Redis(t)
		a.shop, a.other = a.newCaller(t), a.newCaller(t)
	} else {
		a.pool, a.redisURL = secondPool(t, s.beside.pool), s.beside.redisURL
		a.shop, a.other = s.beside.shop.at(a), s.beside.other.at(a)
	}

	redisOptions, err := redis.ParseURL(a.redisURL)
	require.NoError(t, err)
	a.redis = redis.NewClient(redisOptions)
	t.Cleanup(func() { _ = a.redis.Close() }) // a test may have closed it
	door := gate.New(gate.Options{Redis: a.redis, Logger: s.logger, Timeout: patience})
	if s.line {
		a.line = gatetest.NewProxy(t, a.redisURL)
		door = gate.New(gate.Options{Redis: a.line.Client(0), Logger: s.logger})
	}
	closeLater(t, door.Close)

	queue, err := jobs.NewInserter(a.pool, s.logger)
	require.NoError(t, err)
	a.acquirer, err = processor.NewSimulator(a.pool, processor.Config{
		ActionURL: func(reference string) string { return "http://acquirer.test/actions/" + reference },
		Logger:    s.logger, Now: s.now, SlowLatency: time.Millisecond,
	})
	require.NoError(t, err)
	closeLater(t, a.acquirer.Close)
	money := payments.New(payments.Options{DB: a.pool, Acquirer: a.acquirer, Queue: queue, Now: s.now})
	closeLater(t, money.Close)
	keys := keyring.Development()
	fingerprints, err := idempotency.LoadFingerprinter(t.Context(), a.pool, keys)
	require.NoError(t, err)
	guard := webhooks.NewGuard(webhooks.GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	endpoints := &webhooks.Endpoints{DB: a.pool, Guard: guard, Keyring: keys, Queue: queue, Now: s.now}

	if s.workers {
		schedule, err := webhooks.ParseSchedule(s.schedule)
		require.NoError(t, err)
		deliverer := webhooks.NewDeliverer(webhooks.DelivererOptions{
			DB: a.pool, Client: webhooks.NewClient(guard, 5*time.Second, s.now), Keyring: keys, Queue: queue, Schedule: schedule, Now: s.now,
		})
		closeLater(t, deliverer.Close)
		workers, err := jobs.NewClient(jobs.Options{
			DB: a.pool, Payments: money, Deliverer: deliverer, Endpoints: endpoints, Logger: s.logger,
			Workers: map[string]int{payments.QueueName: 20, webhooks.QueueName: 20},
		})
		require.NoError(t, err)
		require.NoError(t, workers.Start(context.WithoutCancel(t.Context())))
		closeLater(t, workers.Stop)
	}

	options := httpapi.Options{
		DB: a.pool, Gate: door, RateLimit: s.limit, Payments: money, Events: &webhooks.Events{DB: a.pool}, Endpoints: endpoints,
		Deliveries: &webhooks.Log{DB: a.pool, Queue: queue, Now: s.now}, Keys: &merchants.Keys{DB: a.pool, Now: time.Now},
		Fingerprints: fingerprints, Logger: s.logger, Now: s.now, RequestTimeout: s.timeout,
	}
	if s.sandbox {
		options.Sandbox = &a.shop.merchant
	}
	engine := httpapi.New(options)
	for _, route := range engine.(*gin.Engine).Routes() {
		a.routes = append(a.routes, route.Method+" "+route.Path)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.NewHTTPServer(engine, s.logger)
	if s.bounds != nil {
		s.bounds(server.Config)
	}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(a.transport.CloseIdleConnections)
	a.url = server.URL
	return a
}

// secondPool is what another process would open.
func secondPool(t *testing.T, first *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.NewWithConfig(t.Context(), first.Config())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// closeLater ends a part of the gateway after the test, in the reverse order of the calls.
func closeLater(t *testing.T, closePart func(context.Context) error) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, closePart(ctx))
	})
}

// caller is a merchant's server, with a key of its own.
type caller struct {
	api         *api
	merchant    uuid.UUID
	key, secret string
}

// at is the same merchant at another api.
func (c *caller) at(other *api) *caller {
	return &caller{api: other, merchant: c.merchant, key: c.key, secret: c.secret}
}

// newCaller makes a merchant with a key.
func (a *api) newCaller(t *testing.T) *caller {
	t.Helper()
	merchant := uuid.New()
	require.NoError(t, dbsqlc.New().MerchantUpsert(t.Context(), a.pool, &dbsqlc.MerchantUpsertParams{
		ID: merchant, Name: "Shop", Email: "shop@example.com", CreatedAt: time.Now(),
	}))
	return a.newKey(t, merchant)
}

// newKey gives a merchant one more key.
func (a *api) newKey(t *testing.T, merchant uuid.UUID) *caller {
	t.Helper()
	c := &caller{api: a, merchant: merchant, key: "key_test_" + uuid.NewString(), secret: "secret_test_" + uuid.NewString()}
	require.NoError(t, dbsqlc.New().APIKeyUpsert(t.Context(), a.pool, &dbsqlc.APIKeyUpsertParams{
		ID: c.key, MerchantID: merchant, SecretHash: merchants.HashSecret(c.secret), CreatedAt: time.Now(),
	}))
	return c
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes a request without credentials other than those in header, which holds names and values
// in turn; an empty value leaves a header out. The exchange is held against openapi.yaml.
func (a *api) send(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			request.Header.Del(header[i])
			continue
		}
		request.Header.Add(header[i], header[i+1])
		if header[i] == "Content-Type" {
			request.Header.Set(header[i], header[i+1])
		}
	}
	client := http.Client{Transport: contract.Transport(t, a.transport), Timeout: patience}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, read}
}

// send is api.send with the caller's secret key.
func (c *caller) send(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	return c.api.send(t, method, path, body, append([]string{"Authorization", "Bearer " + c.secret}, header...)...)
}

func (c *caller) get(t *testing.T, path string) answer {
	t.Helper()
	return c.send(t, http.MethodGet, path, "")
}

func (c *caller) post(t *testing.T, path, body string, header ...string) answer {
	t.Helper()
	return c.send(t, http.MethodPost, path, body, header...)
}

// as decodes an answer that must have the status.
func as[T any](t *testing.T, got answer, status int) T {
	t.Helper()
	require.Equal(t, status, got.status, "%s", got.body)
	var resource T
	require.NoError(t, json.Unmarshal(got.body, &resource), "%s", got.body)
	return resource
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, condition func() bool, what string, args ...any) {
	t.Helper()
	require.Eventually(t, condition, patience, 10*time.Millisecond, append([]any{what}, args...)...)
}

// pay creates a payment.
func (c *caller) pay(t *testing.T, body string) payments.Payment {
	t.Helper()
	return as[payments.Payment](t, c.post(t, "/api/v1/payments", body), http.StatusCreated)
}

// settled waits until a payment has come to rest in a state, and returns it.
func (c *caller) settled(t *testing.T, id string, state payments.Status) payments.Payment {
	t.Helper()
	var payment payments.Payment
	eventually(t, func() bool {
		payment = as[payments.Payment](t, c.get(t, "/api/v1/payments/"+id), http.StatusOK)
		return payment.Status != payments.Pending && payment.Status != payments.Processing
	}, "payment %s comes to rest", id)
	require.Equal(t, state, payment.Status)
	return payment
}

// moved waits until a payment is in a state no more, and returns it.
func (c *caller) moved(t *testing.T, id string, from payments.Status) payments.Payment {
	t.Helper()
	var payment payments.Payment
	eventually(t, func() bool {
		payment = as[payments.Payment](t, c.get(t, "/api/v1/payments/"+id), http.StatusOK)
		return payment.Status != from
	}, "payment %s is %s no more", id, from)
	return payment
}

// paid creates a payment of 50000 INR and waits for its success.
func (c *caller) paid(t *testing.T) payments.Payment {
	t.Helper()
	return c.settled(t, c.pay(t, `{"amount":50000,"currency":"INR"}`).ID, payments.Success)
}

// freshID is an id that names nothing.
func freshID(prefix ids.Prefix) string { return ids.New(prefix) }
