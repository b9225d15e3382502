package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTour(t *testing.T) {
	t.Parallel()

	usual := tour{
		took: 690 * time.Millisecond, api: "http://localhost:8000", checkout: "http://localhost:3001", dashboard: "http://localhost:3000",
		receiver: "http://localhost:4000", shop: "http://localhost:3002", admin: "http://localhost:9090", password: "four-words",
		embeddedPostgres: true, embeddedRedis: true, sandboxOpen: true,
		readiness: readiness{Status: "ready", Postgres: "ok", Redis: "ok", Workers: "ok"},
	}
	require.Equal(t, `
Paygate is ready, after 0.7 s. Ctrl-C stops it.

  API         http://localhost:8000/api/v1       contract: http://localhost:8000/openapi.yaml
  Dashboard   http://localhost:3000              sign in as test@example.com with four-words
  Checkout    http://localhost:3001/checkout.js  try it in the demo shop: http://localhost:3002
  Webhooks    http://localhost:4000              what the demo merchant receives, signatures checked
  Admin       http://localhost:9090              health, profiles
  Workers     running                            payments, refunds, webhooks
  Postgres    embedded                           data in .paygate/postgres
  Redis       in-process
  Log         .paygate/paygate.log

  Demo keys   key_test_abc123 / secret_test_xyz789   (a request without keys is the demo merchant's too)

Try a payment:

  curl -X POST http://localhost:8000/api/v1/payments \
    -H "Content-Type: application/json" -H "Idempotency-Key: first" \
    -d '{"amount": 50000, "currency": "INR"}'

Its webhooks appear here:

`, usual.text())

	other := usual
	other.admin, other.password = "", ""
	other.embeddedPostgres, other.embeddedRedis, other.sandboxOpen, other.exposed = false, false, false, true
	other.readiness = readiness{Status: "degraded", Postgres: "ok", Redis: "missing", Workers: "missing"}
	require.Equal(t, `
Paygate is ready, after 0.7 s. Ctrl-C stops it.

  API         http://localhost:8000/api/v1       contract: http://localhost:8000/openapi.yaml
  Dashboard   http://localhost:3000              nobody can sign in yet: see paygate users --help
  Checkout    http://localhost:3001/checkout.js  try it in the demo shop: http://localhost:3002
  Webhooks    http://localhost:4000              what the demo merchant receives, signatures checked
  Workers     starting                           payments, refunds, webhooks
  Postgres    that of DATABASE_URL
  Redis       that of REDIS_URL                  does not answer
  Log         .paygate/paygate.log

  Demo keys   key_test_abc123 / secret_test_xyz789

  Other machines can reach this API, and everybody knows these keys.

Try a payment:

  curl -X POST http://localhost:8000/api/v1/payments -u key_test_abc123:secret_test_xyz789 \
    -H "Content-Type: application/json" -H "Idempotency-Key: first" \
    -d '{"amount": 50000, "currency": "INR"}'

Its webhooks appear here:

`, other.text())
}
