package httpapi_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/fault"
)

// A database that hangs is worse than one that is gone: nothing says so. Either way each request is answered in
// time, says what to do, and goes through again when the database is back, without a restart.
func TestDatabaseGoesAndComes(t *testing.T) {
	t.Parallel()

	const timeout = 500 * time.Millisecond
	for name, spoil := range map[string]func(*dbtest.Line){"Hangs": (*dbtest.Line).Hang, "Cut": (*dbtest.Line).Cut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			at := dbtest.TCP(t, dbtest.URL(t))
			line := dbtest.NewLine(t, at.Host)
			at.Host = line.Addr()
			pool, err := db.Open(t.Context(), at.String(), db.PoolOptions{MaxConns: 10})
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			a := newAPI(t, setup{pool: pool, timeout: timeout})
			t.Cleanup(line.Restore) // what is under way ends before the parts are closed
			payment := a.shop.pay(t, `{"amount":1,"currency":"INR"}`)
			path := "/api/v1/payments/" + payment.ID

			spoil(line)
			for _, ask := range []func() answer{
				func() answer { return a.shop.get(t, path) },
				func() answer { return a.shop.get(t, "/api/v1/payments") },
				func() answer { return a.shop.post(t, "/api/v1/orders", `{"amount":1,"currency":"INR"}`) },
				func() answer {
					return a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR"}`, "Idempotency-Key", "once")
				},
				func() answer { return a.shop.post(t, path+"/refunds", `{}`) },
			} {
				begin := time.Now()
				got := ask()
				require.Less(t, time.Since(begin), timeout+5*time.Second, "it does not hang")
				p := requireProblem(t, got, http.StatusServiceUnavailable, p503(got), "")
				require.NotRegexp(t, internals, p.Detail)
				require.Equal(t, "1", got.header.Get("Retry-After"))
			}
			require.Equal(t, http.StatusOK, a.send(t, http.MethodGet, "/health", "").status, "the process lives")
			require.Equal(t, http.StatusServiceUnavailable, a.send(t, http.MethodGet, "/health/ready", "").status)

			line.Restore()
			eventually(t, func() bool { return a.shop.get(t, path).status == http.StatusOK }, "it is back without a restart")
			eventually(t, func() bool {
				return a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR"}`, "Idempotency-Key", "once").status == http.StatusCreated
			}, "the same request goes through")
			var made int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM payments").Scan(&made))
			require.Equal(t, 2, made, "what was asked for more than once was done once")
		})
	}
}

// p503 is which of the codes of 503 an answer has.
func p503(got answer) fault.Code {
	if bytes.Contains(got.body, []byte(`"code":"overloaded"`)) {
		return fault.Overloaded
	}
	return fault.Unavailable
}
