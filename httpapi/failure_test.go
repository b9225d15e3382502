package httpapi_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/page"
	"paygate/payments"
)

// logBook keeps what was logged; it may be written to from many goroutines.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines returns the lines that hold all of the words.
func (b *logBook) lines(words ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(strings.Split(b.text.String(), "\n"), func(line string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) })
	})
}

func sortedList(header string) string {
	items := strings.Split(header, ", ")
	slices.Sort(items)
	return strings.Join(items, ", ")
}

// TestPanic breaks the clock, which everything that writes asks.
func TestPanic(t *testing.T) {
	t.Parallel()

	var broken atomic.Bool
	var book logBook
	a := newAPI(t, setup{
		logger: slog.New(slog.NewJSONHandler(&book, nil)),
		now: func() time.Time {
			if broken.Load() {
				panic("the clock holds secret_test_123")
			}
			return time.Now()
		},
	})
	broken.Store(true)
	for name, path := range map[string]string{
		"InTheHandler": "/api/v1/orders",
		"InTheBatch":   "/api/v1/payments",
	} {
		got := a.shop.post(t, path, `{"amount":50000,"currency":"INR"}`, "X-Request-Id", name)
		p := requireProblem(t, got, http.StatusInternalServerError, fault.Internal, "")
		require.NotContains(t, string(got.body), "clock")
		require.NotContains(t, p.Detail, "secret")
		lines := book.lines(`"request_id":"`+name+`"`, `"msg":"request"`)
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], `"level":"ERROR"`)
		require.Contains(t, lines[0], "the clock holds secret_test_123")
		require.Contains(t, lines[0], "failure_test.go", "with the stack")
	}
	broken.Store(false)
	require.Empty(t, as[page.List[payments.Order]](t, a.shop.get(t, "/api/v1/orders"), http.StatusOK).Data)
	require.Empty(t, as[page.List[payments.Payment]](t, a.shop.get(t, "/api/v1/payments"), http.StatusOK).Data)
}

// TestLog looks through everything that is logged on the way of a sale, at every level.
func TestLog(t *testing.T) {
	t.Parallel()

	var book logBook
	a := newAPI(t, setup{workers: true, schedule: "0s,1ms", logger: slog.New(slog.NewJSONHandler(&book, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s := newSink(t)
	s.answerStatus(http.StatusInternalServerError)
	endpoint := a.shop.subscribe(t, s, "/hooks")
	const card = `"card":{"number":"4000000000001018","exp_month":12,"exp_year":2049,"cvc":"987"}`
	payment := a.shop.pay(t, `{"amount":50000,"currency":"INR","method":"card",`+card+`,"metadata":{"note":"for Asha only"}}`)
	a.shop.settled(t, payment.ID, payments.Success)
	requireProblem(t, a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR","method":"card","card":{"number":"4242424242424241","exp_month":12,"exp_year":2049,"cvc":"987"}}`, "X-Request-Id", "bad-card"),
		http.StatusBadRequest, fault.InvalidCard, "card.number")
	requireProblem(t, a.shop.get(t, "/api/v1/payments?email=asha@example.com"), http.StatusBadRequest, fault.InvalidParameter, "email")
	eventually(t, func() bool { return len(s.received("/hooks")) > 0 }, "a webhook arrives")

	for _, secret := range []string{
		"4000000000001018", "4242424242424241", `"987"`, a.shop.secret, endpoint.Secret, "for Asha only", "asha@example.com", "Bearer",
	} {
		require.Empty(t, book.lines(secret))
	}
	lines := book.lines(`"request_id":"bad-card"`)
	require.Len(t, lines, 1, "one line for each request")
	for _, want := range []string{
		`"level":"INFO"`, `"method":"POST"`, `"route":"/api/v1/payments"`, `"status":400`, `"merchant_id":"` + a.shop.merchant.String() + `"`, `"code":"invalid_card"`, `"duration"`,
	} {
		require.Contains(t, lines[0], want)
	}
}
