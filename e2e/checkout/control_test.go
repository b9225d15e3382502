package checkout_test

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
	"paygate/page"
	"paygate/payments"
)

// controls is how the browser's script makes orders, looks at payments, and breaks things.
func (s *stack) controls() http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, value any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(value)
	}
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		params := payments.OrderParams{MerchantID: demoMerchant, Amount: 129900, Currency: "INR", Reusable: r.URL.Query().Has("reusable")}
		if currency := r.URL.Query().Get("currency"); currency != "" {
			params.Currency = currency
		}
		var order *payments.Order
		err := db.InTx(r.Context(), s.pool, func(tx pgx.Tx) (err error) {
			order, err = s.payments.CreateOrder(r.Context(), tx, params)
			return err
		})
		answer(w, order, err)
	})
	mux.HandleFunc("GET /orders/{id}/payments", func(w http.ResponseWriter, r *http.Request) {
		list, err := s.payments.Payments(r.Context(), demoMerchant, payments.PaymentFilter{OrderID: new(r.PathValue("id"))}, page.Params{Limit: page.MaxLimit})
		answer(w, list, err)
	})
	mux.HandleFunc("POST /network", func(w http.ResponseWriter, r *http.Request) {
		s.network.set(r.URL.Query().Get("mode"))
		answer(w, true, nil)
	})
	mux.HandleFunc("GET /network", func(w http.ResponseWriter, _ *http.Request) {
		s.network.mu.Lock()
		defer s.network.mu.Unlock()
		answer(w, s.network.posts, nil)
	})
	mux.HandleFunc("POST /bank", func(w http.ResponseWriter, r *http.Request) {
		s.bank.SetDown(r.URL.Query().Get("down") == "true")
		answer(w, true, nil)
	})
	mux.HandleFunc("POST /expire-keys", func(w http.ResponseWriter, r *http.Request) {
		answer(w, true, s.expireKey(r.Context(), r.URL.Query().Get("expired") == "true"))
	})
	return mux
}

// expireKey ends the demo key's life, or gives it back. It returns when the checkout, which believes for a
// moment what it read before, treats the key so.
func (s *stack) expireKey(ctx context.Context, expired bool) error {
	var at *time.Time
	if expired {
		at = new(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	if _, err := s.pool.Exec(ctx, "UPDATE api_keys SET expires_at = $1 WHERE id = $2", at, demoKey); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := s.keys.ByPublishable(ctx, demoKey)
		if refused := fault.CodeOf(err) == fault.CredentialsInvalid; refused == expired {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
