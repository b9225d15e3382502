package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/gate"
)

// fivePerHour refills every 12 minutes, so not during a test.
var fivePerHour = gate.Rate{Requests: 5, Per: time.Hour}

const smallPayment = `{"amount":100,"currency":"INR"}`

// standing checks the headers of a limited answer.
func requireStanding(t *testing.T, got answer, class string, quota, remaining int) {
	t.Helper()
	require.Equal(t, fmt.Sprintf("%q;q=%d;w=3600", class, quota), got.header.Get("RateLimit-Policy"))
	require.Regexp(t, fmt.Sprintf(`^%q;r=%d;t=[0-9]+$`, class, remaining), got.header.Get("RateLimit"))
}

func requireUnlimited(t *testing.T, got answer) {
	t.Helper()
	require.Empty(t, got.header.Values("RateLimit"))
	require.Empty(t, got.header.Values("RateLimit-Policy"))
}

// problemOf reads the code of an error.
func problemOf(t *testing.T, got answer, status int) fault.Code {
	t.Helper()
	return as[struct {
		Code fault.Code `json:"code"`
	}](t, got, status).Code
}

func TestLimit_IsToldOnEveryStatus(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{limit: fivePerHour})

	created := a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, created.status)
	requireStanding(t, created, "write", 5, 4)
	require.Equal(t, `"write";r=4;t=720`, created.header.Get("RateLimit"), "t is when a fifth is free again")
	replayed := a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k")
	require.Equal(t, "true", replayed.header.Get("Idempotent-Replayed"))
	requireStanding(t, replayed, "write", 5, 3)
	require.Equal(t, fault.IdempotencyReused, problemOf(t, a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR"}`, "Idempotency-Key", "k"), http.StatusUnprocessableEntity))
	invalid := a.shop.post(t, "/api/v1/payments", `{`)
	require.Equal(t, fault.MalformedJSON, problemOf(t, invalid, http.StatusBadRequest))
	requireStanding(t, invalid, "write", 5, 1)
	missing := a.shop.post(t, "/api/v1/payments/pay_none/cancel", "")
	require.Equal(t, fault.NotFound, problemOf(t, missing, http.StatusNotFound))
	requireStanding(t, missing, "write", 5, 0)

	refused := a.shop.post(t, "/api/v1/payments", smallPayment)
	require.Equal(t, fault.RateLimited, problemOf(t, refused, http.StatusTooManyRequests))
	requireStanding(t, refused, "write", 5, 0)
	pause, err := strconv.Atoi(refused.header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 720, pause, 60)
	require.Equal(t, fmt.Sprintf(`"write";r=0;t=%d`, pause), refused.header.Get("RateLimit"), "Retry-After does not end before t")

	// Reads are counted apart, and so is each key.
	listed := a.shop.get(t, "/api/v1/payments")
	require.Equal(t, http.StatusOK, listed.status)
	requireStanding(t, listed, "read", 5, 4)
	requireStanding(t, a.other.post(t, "/api/v1/payments", smallPayment), "write", 5, 4)

	// Nobody is counted who is nobody, and nothing that is open.
	requireUnlimited(t, a.send(t, http.MethodPost, "/api/v1/payments", smallPayment, "Authorization", "Bearer wrong"))
	requireUnlimited(t, a.send(t, http.MethodPost, "/api/v1/payments", smallPayment))
	requireUnlimited(t, a.send(t, http.MethodGet, "/health", ""))
}

func TestLimit_TheMerchantsOwnWins(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{limit: fivePerHour, sandbox: true})
	set := func(limit *string) {
		_, err := a.pool.Exec(t.Context(), "UPDATE merchants SET rate_limit = $1 WHERE id = $2", limit, a.shop.merchant)
		require.NoError(t, err)
	}

	set(new("2/h"))
	requireStanding(t, a.shop.post(t, "/api/v1/payments", smallPayment), "write", 2, 1)
	requireStanding(t, a.other.post(t, "/api/v1/payments", smallPayment), "write", 5, 4)
	sandbox := a.send(t, http.MethodPost, "/api/v1/payments", smallPayment)
	require.Equal(t, http.StatusCreated, sandbox.status)
	requireStanding(t, sandbox, "write", 2, 1)
	requireStanding(t, a.send(t, http.MethodPost, "/api/v1/payments", smallPayment), "write", 2, 0)

	// What was refused was not remembered: the same request goes through when there is room.
	require.Equal(t, http.StatusCreated, a.shop.post(t, "/api/v1/payments", smallPayment).status)
	require.Equal(t, http.StatusTooManyRequests, a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k").status)
	set(new("0"))
	eventually(t, func() bool {
		got := a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k")
		if got.status == http.StatusTooManyRequests {
			return false
		}
		require.Equal(t, http.StatusCreated, got.status)
		requireUnlimited(t, got)
		return true
	}, "the changed limit counts")
	set(nil)
	eventually(t, func() bool {
		return a.shop.post(t, "/api/v1/payments", smallPayment).header.Get("RateLimit-Policy") == `"write";q=5;w=3600`
	}, "the installation's limit counts")
}

func TestLimit_WithoutRedisCountsInEachProcess(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{limit: fivePerHour, line: true})
	b := newAPI(t, setup{limit: fivePerHour, beside: a})

	a.line.Cut()
	for _, process := range []*api{a, b} {
		for n := range 5 {
			got := process.shop.post(t, "/api/v1/payments", smallPayment)
			require.Equal(t, http.StatusCreated, got.status)
			requireStanding(t, got, "write", 5, 4-n)
		}
		require.Equal(t, http.StatusTooManyRequests, process.shop.post(t, "/api/v1/payments", smallPayment).status)
	}
	ready := a.send(t, http.MethodGet, "/health/ready", "")
	require.Equal(t, http.StatusOK, ready.status)
	require.JSONEq(t, `{"status":"degraded","postgres":"ok","redis":"missing","workers":"missing"}`, string(ready.body))
	a.line.Restore()
	eventually(t, func() bool {
		got := a.send(t, http.MethodGet, "/health/ready", "")
		return string(got.body) == `{"status":"degraded","postgres":"ok","redis":"ok","workers":"missing"}`
	}, "Redis is seen again")
	require.Equal(t, http.StatusTooManyRequests, a.shop.post(t, "/api/v1/payments", smallPayment).status, "the other process has used up what Redis counts")
}

func TestKeys_ARevokedKeyIsRefusedWithinASecond(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{})

	require.Equal(t, http.StatusOK, a.shop.get(t, "/api/v1/payments").status)
	_, err := a.pool.Exec(t.Context(), "UPDATE api_keys SET revoked_at = now() WHERE id = $1", a.shop.key)
	require.NoError(t, err)
	revoked := time.Now()
	for {
		begin := time.Now()
		if got := a.shop.get(t, "/api/v1/payments"); got.status != http.StatusOK {
			require.Equal(t, fault.CredentialsInvalid, problemOf(t, got, http.StatusUnauthorized))
			return
		}
		require.Less(t, begin.Sub(revoked), time.Second)
	}
}
