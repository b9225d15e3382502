package httpapi_test

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/webhooks"
)

// An endpoint is made and its secret changed, under keys and again, and webhooks are sent. Then the
// database and Redis hold neither a secret nor a header's value that can be read, the remembered answers
// included, and a repetition gets the very answer all the same.
func TestSecretsOfEndpointsAreNowhere(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	body := `{"url":"` + s.url + `/secret","headers":{"Authorization":"Bearer very-private"}}`
	made := a.shop.post(t, "/api/v1/webhook_endpoints", body, "Idempotency-Key", "made")
	endpoint := as[webhooks.Endpoint](t, made, http.StatusCreated)
	rotate := "/api/v1/webhook_endpoints/" + endpoint.ID + "/rotate_secret"
	rotated := a.shop.post(t, rotate, "", "Idempotency-Key", "rotated")
	newer := as[webhooks.Endpoint](t, rotated, http.StatusOK)
	a.shop.paid(t)
	s.await(t, "/secret", webhooks.PaymentSuccess).verify(t, newer.Secret)

	var remembered int
	require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT count(*) FROM idempotency_keys WHERE key IN ('made', 'rotated')").Scan(&remembered))
	require.Equal(t, 2, remembered)
	kept := tables(t, a)
	for name, text := range redisContent(t, a) {
		kept["redis "+name] = text
	}
	require.Contains(t, kept["public.webhook_endpoints"], endpoint.ID, "the search sees what is there")
	for _, text := range []string{endpoint.Secret, newer.Secret, "very-private"} {
		for name, content := range kept {
			for _, form := range []string{text, strings.TrimPrefix(text, "whsec_"), hex.EncodeToString([]byte(text))} {
				require.NotContains(t, content, form, "%s holds a secret", name)
			}
		}
	}

	// From Postgres, since Redis has its own copy.
	require.NoError(t, a.redis.FlushDB(t.Context()).Err())
	requireReplayed(t, made, a.shop.post(t, "/api/v1/webhook_endpoints", body, "Idempotency-Key", "made"))
	requireReplayed(t, rotated, a.shop.post(t, rotate, "", "Idempotency-Key", "rotated"))
	got := a.shop.post(t, rotate, `{"overlap_seconds":0}`, "Idempotency-Key", "rotated")
	require.Equal(t, http.StatusUnprocessableEntity, got.status)
}
