package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

// copies are the names in Redis of remembered answers.
func (a *api) copies(t *testing.T) []string {
	t.Helper()
	names, err := a.redis.Keys(t.Context(), "paygate:answer:*").Result()
	require.NoError(t, err)
	return names
}

// forget removes everything that Postgres remembers of keys.
func (a *api) forget(t *testing.T) {
	t.Helper()
	_, err := a.pool.Exec(t.Context(), "DELETE FROM idempotency_keys")
	require.NoError(t, err)
}

func (a *api) countPayments(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT count(*) FROM payments").Scan(&n))
	return n
}

func requireReplayed(t *testing.T, want, got answer) {
	t.Helper()
	require.Equal(t, want.status, got.status)
	require.Equal(t, string(want.body), string(got.body))
	require.Equal(t, "true", got.header.Get("Idempotent-Replayed"))
	require.Equal(t, want.header.Get("Content-Type"), got.header.Get("Content-Type"))
}

func TestReplay_ComesFromRedisWhereItIsThere(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{})
	b := newAPI(t, setup{beside: a})

	first := a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k")
	refused := a.shop.post(t, "/api/v1/payments/pay_00000000000000000000000000/cancel", "", "Idempotency-Key", "k")
	require.Equal(t, http.StatusNotFound, refused.status)
	_ = a.shop.post(t, "/api/v1/payments", `{"amount":0,"currency":"INR"}`, "Idempotency-Key", "bad")
	eventually(t, func() bool { return len(a.copies(t)) >= 1 }, "answers are left in Redis")
	names := a.copies(t)
	require.LessOrEqual(t, len(names), 2, "a bad request is not remembered")
	left, err := a.redis.TTL(t.Context(), names[0]).Result()
	require.NoError(t, err)
	require.InDelta(t, 24*time.Hour, left, float64(time.Minute))

	a.forget(t) // so that nothing but Redis can know
	for _, process := range []*api{a, b} {
		requireReplayed(t, first, process.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", `"k"`))
	}
	require.Equal(t, 1, a.countPayments(t))
	// The key is another one for another merchant and another route.
	require.Empty(t, a.other.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "k").header.Get("Idempotent-Replayed"))
	require.Empty(t, a.shop.post(t, "/api/v1/orders", smallPayment, "Idempotency-Key", "k").header.Get("Idempotent-Replayed"))
}

func TestReplay_WhateverIsInRedisPostgresDecides(t *testing.T) {
	t.Parallel()
	a := newAPI(t, setup{})

	one := a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "one")
	eventually(t, func() bool { return len(a.copies(t)) == 1 }, "the answer is left in Redis")
	nameOne := a.copies(t)[0]
	sealedOne, err := a.redis.Get(t.Context(), nameOne).Result()
	require.NoError(t, err)
	require.NotContains(t, sealedOne, "pay_", "what is in Redis cannot be read")
	two := a.shop.post(t, "/api/v1/payments", `{"amount":200,"currency":"INR"}`, "Idempotency-Key", "two")
	eventually(t, func() bool { return len(a.copies(t)) == 2 }, "the answer is left in Redis")
	sealedTwo := ""
	for _, name := range a.copies(t) {
		if name != nameOne {
			sealedTwo, err = a.redis.Get(t.Context(), name).Result()
			require.NoError(t, err)
		}
	}
	require.NotEmpty(t, two.body)

	check := func(what string) {
		requireReplayed(t, one, a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "one"))
		got := a.shop.post(t, "/api/v1/payments", `{"amount":200,"currency":"INR"}`, "Idempotency-Key", "one")
		require.Equal(t, fault.IdempotencyReused, problemOf(t, got, http.StatusUnprocessableEntity), what)
		require.Equal(t, 2, a.countPayments(t), what)
	}
	check("the right answer")
	poisons := map[string]string{
		"nothing":           "",
		"somebody's answer": `{"id":"pay_forged","status":"success"}`,
		"another answer":    sealedTwo,
		"a part":            sealedOne[:len(sealedOne)-1],
		"more":              sealedOne + "x",
		"a changed bit":     sealedOne[:40] + string([]byte{sealedOne[40] ^ 1}) + sealedOne[41:],
		"a lot":             strings.Repeat("x", 1<<20),
	}
	for what, poison := range poisons {
		require.NoError(t, a.redis.Set(t.Context(), nameOne, poison, 0).Err())
		check(what)
	}
	require.NoError(t, a.redis.Del(t.Context(), nameOne).Err())
	require.NoError(t, a.redis.LPush(t.Context(), nameOne, "x").Err())
	check("another type")
	require.NoError(t, a.redis.FlushDB(t.Context()).Err())
	check("nothing at all")
	require.NoError(t, a.redis.Close())
	check("no Redis")
}

// TestReplay_ARefusalOfTodayDoesNotHideTheAnswerOfThen repeats a request that would be refused now, since
// its card has expired.
func TestReplay_ARefusalOfTodayDoesNotHideTheAnswerOfThen(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC))
	a := newAPI(t, setup{now: func() time.Time { return *now.Load() }})

	const body = `{"amount":100,"currency":"INR","method":"card","card":{"number":"4242424242424242","expiry_month":1,"expiry_year":2027,"cvc":"123"}}`
	first := a.shop.post(t, "/api/v1/payments", body, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, first.status, "%s", first.body)
	eventually(t, func() bool { return len(a.copies(t)) == 1 }, "the answer is left in Redis")

	set(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	requireReplayed(t, first, a.shop.post(t, "/api/v1/payments", body, "Idempotency-Key", "k"))
	require.NoError(t, a.redis.FlushDB(t.Context()).Err())
	requireReplayed(t, first, a.shop.post(t, "/api/v1/payments", body, "Idempotency-Key", "k"))
	require.Equal(t, fault.ExpiredCard, problemOf(t, a.shop.post(t, "/api/v1/payments", body, "Idempotency-Key", "new"), http.StatusBadRequest))
	require.Equal(t, fault.ExpiredCard, problemOf(t, a.shop.post(t, "/api/v1/payments", body), http.StatusBadRequest))
}

// TestReplay_Storm sends 50 keys 40 times each, many at once, to two processes, while Redis is
// flushed, hangs, is slow, and is gone.
func TestReplay_Storm(t *testing.T) {
	t.Parallel()
	const keys, times, workers = 50, 40, 200
	a := newAPI(t, setup{line: true})
	b := newAPI(t, setup{line: true, beside: a})
	flush := func() { require.NoError(t, a.redis.FlushDB(t.Context()).Err()) }
	trouble := map[int64]func(){
		200: flush, 400: a.line.Cut, 600: flush, 700: a.line.Restore,
		800: b.line.Hang, 1000: func() { b.line.Restore(); flush() }, 1200: func() { a.line.Cut(); b.line.Cut() },
		1500: func() { a.line.Restore(); b.line.Restore() }, 1600: func() { a.line.Slow(20 * time.Millisecond) }, 1800: flush,
	}

	type outcome struct {
		status   int
		body     string
		replayed bool
	}
	outcomes := make([][]outcome, keys)
	var mu sync.Mutex
	var sent atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}, Timeout: patience}
	defer client.CloseIdleConnections()
	send := func(ctx context.Context, process *api, key int) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, process.url+"/api/v1/payments", strings.NewReader(`{"amount":`+strconv.Itoa(1000+key)+`,"currency":"INR"}`))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+a.shop.secret)
		request.Header.Set("Idempotency-Key", "storm-"+strconv.Itoa(key))
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		outcomes[key] = append(outcomes[key], outcome{response.StatusCode, string(body), response.Header.Get("Idempotent-Replayed") == "true"})
		return nil
	}

	// The forty of a key go out together, five keys at a time.
	queue := make(chan int, keys*times)
	for first := 0; first < keys; first += workers / times {
		for range times {
			for key := first; key < first+workers/times; key++ {
				queue <- key
			}
		}
	}
	close(queue)
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			for key := range queue {
				process := a
				if w%2 == 1 {
					process = b
				}
				n := sent.Add(1)
				if trouble[n] != nil {
					trouble[n]()
				}
				if err := send(t.Context(), process, key); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range workers {
		require.NoError(t, <-errs)
	}

	require.Equal(t, keys, a.countPayments(t), "one payment for each key")
	statuses := map[int]int{}
	for key := range keys {
		// Once more, in peace: what everybody should have got.
		require.NoError(t, send(t.Context(), a, key))
		require.NoError(t, send(t.Context(), b, key))
		last := outcomes[key][len(outcomes[key])-1]
		require.Equal(t, http.StatusCreated, last.status)
		require.True(t, last.replayed)
		firsts := 0
		for _, got := range outcomes[key] {
			statuses[got.status]++
			if got.status == http.StatusConflict {
				require.Contains(t, got.body, `"code":"idempotency_in_progress"`)
				continue
			}
			require.Equal(t, outcome{http.StatusCreated, last.body, got.replayed}, got)
			if !got.replayed {
				firsts++
			}
		}
		require.LessOrEqual(t, firsts, 1, "key %d was answered anew more than once", key)
	}
	require.Equal(t, keys, a.countPayments(t))
	t.Logf("statuses: %v", statuses)
}
