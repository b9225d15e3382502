package payments_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/groupcommit"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/payments"
)

// TestAssumptions has two processes, of which each takes for granted what the other one makes untrue.
func TestAssumptions(t *testing.T) {
	t.Parallel()

	// assuming is a house whose services have accepted a payment, and so know what they take for granted. repeated counts
	// the transactions that had to be repeated.
	assuming := func(t *testing.T) (h *house, repeated *atomic.Int64) {
		t.Helper()
		repeated = &atomic.Int64{}
		h = newHouse(t, houseOptions{services: 2, service: payments.Options{Observe: func(b groupcommit.Batch) {
			if b.Repeated && b.Name == "payment_intake" {
				repeated.Add(1)
			}
		}}})
		for _, s := range h.services {
			h.pay(t, s, payments.CreateParams{Amount: 1, Currency: "INR"}).payment(t)
		}
		return h, repeated
	}
	create := func(t *testing.T, h *house, s *payments.Service, key, content string) answer {
		t.Helper()
		response, err := s.Create(t.Context(), h.claim(h.merchant, "POST /payments", key, content), payments.CreateParams{
			MerchantID: h.merchant, Amount: 500, Currency: "INR",
		})
		return answered(t, response, err)
	}
	count := func(t *testing.T, h *house, query string, args ...any) (n int) {
		t.Helper()
		require.NoError(t, h.pool.QueryRow(t.Context(), query, args...).Scan(&n))
		return n
	}

	subscribe := func(t *testing.T, h *house) string {
		t.Helper()
		const id = "we_1"
		_, err := h.pool.Exec(t.Context(), `INSERT INTO webhook_endpoints (id, merchant_id, url, event_types, status, created_at, updated_at)
			VALUES ($1, $2, 'https://shop.example/hook', '{payment.created,refund.*}', 'enabled', now(), now())`, id, h.merchant)
		require.NoError(t, err)
		return id
	}

	t.Run("Hold", func(t *testing.T) {
		t.Parallel()
		h, repeated := assuming(t)
		create(t, h, h.services[0], "a", "").payment(t)
		create(t, h, h.services[1], "b", "").payment(t)
		require.Zero(t, repeated.Load())
	})

	t.Run("KeyWasUsed", func(t *testing.T) {
		t.Parallel()
		h, repeated := assuming(t)
		first := create(t, h, h.services[0], "key", "one")
		again := create(t, h, h.services[1], "key", "one")
		require.True(t, again.replayed)
		require.Equal(t, first.payment(t), again.payment(t))
		require.Equal(t, fault.IdempotencyReused, create(t, h, h.services[1], "key", "another").code)
		require.EqualValues(t, 1, repeated.Load(), "of the two requests, the second one's process has learned to ask")
		require.Equal(t, 3, count(t, h, "SELECT count(*) FROM payments"))
		require.Equal(t, 3, count(t, h, "SELECT count(*) FROM events"))
		require.Equal(t, 3, count(t, h, "SELECT count(*) FROM river_job WHERE kind = 'process_payment'"))
	})

	t.Run("KeyIsInUse", func(t *testing.T) {
		t.Parallel()
		h, repeated := assuming(t)
		tx, err := h.pool.Begin(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(context.Background())) }()
		_, err = idempotency.Begin(t.Context(), tx, []*idempotency.Claim{h.claim(h.merchant, "POST /payments", "key", "")})
		require.NoError(t, err)
		require.Equal(t, fault.IdempotencyRunning, create(t, h, h.services[0], "key", "").code)
		require.EqualValues(t, 1, repeated.Load())
	})

	t.Run("EndpointIsNew", func(t *testing.T) {
		t.Parallel()
		h, repeated := assuming(t)
		endpoint := subscribe(t, h)
		create(t, h, h.services[0], "key", "").payment(t)
		require.Equal(t, 1, count(t, h, "SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'pending'", endpoint))
		require.EqualValues(t, 1, repeated.Load())
		create(t, h, h.services[0], "another", "").payment(t) // knows of it now
		require.Equal(t, 2, count(t, h, "SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1", endpoint))
		require.EqualValues(t, 1, repeated.Load())
	})

	for what, c := range map[string]struct {
		change string
		want   []string // statuses of the deliveries made after it
	}{
		"EndpointSubscribesToLess": {"UPDATE webhook_endpoints SET event_types = '{payment.failed}' WHERE id = $1", []string{}},
		"EndpointIsDisabled":       {"UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'manual' WHERE id = $1", []string{"paused"}},
		"EndpointIsGone":           {"UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1", []string{}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h, repeated := assuming(t)
			endpoint := subscribe(t, h)
			create(t, h, h.services[0], "before", "").payment(t) // learns of it
			_, err := h.pool.Exec(t.Context(), "DELETE FROM webhook_deliveries")
			require.NoError(t, err)
			_, err = h.pool.Exec(t.Context(), c.change, endpoint)
			require.NoError(t, err)
			create(t, h, h.services[0], "after", "").payment(t)
			rows, err := h.pool.Query(t.Context(), "SELECT status FROM webhook_deliveries")
			require.NoError(t, err)
			statuses, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.Equal(t, c.want, statuses)
			require.EqualValues(t, 1, repeated.Load(), "the second one was in doubt, and asked")
		})
	}

	t.Run("TwinsInOneBatch", func(t *testing.T) {
		t.Parallel()
		h, _ := assuming(t)
		answers := make(chan answer, 64)
		for range cap(answers) {
			go func() { answers <- create(t, h, h.services[0], "key", "same") }()
		}
		seen := map[string]bool{}
		for range cap(answers) {
			if a := <-answers; a.code != fault.IdempotencyRunning {
				seen[a.payment(t).ID] = true
			}
		}
		require.Len(t, seen, 1)
		require.Equal(t, 3, count(t, h, "SELECT count(*) FROM payments"))
	})
}
