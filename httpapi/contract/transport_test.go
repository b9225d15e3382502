package contract

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// newServer answers every POST with body as a created payment, after it has read the
// request, and returns what it read.
func newServer(t *testing.T, body string) (*httptest.Server, <-chan string) {
	t.Helper()
	received := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		received <- string(text)
		w.Header().Set("Content-Type", mediaJSON)
		w.Header().Set("X-Request-Id", "req_1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server, received
}

func post(t *testing.T, client *http.Client, url, body string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/payments", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", mediaJSON)
	return client.Do(req)
}

func TestTransport_PassesOn(t *testing.T) {
	t.Parallel()
	server, received := newServer(t, payment)
	sent := `{"amount": 50000, "currency": "INR"}`
	res, err := post(t, Client(t, server.Client()), server.URL, sent)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, sent, <-received)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, payment, string(text)) //nolint:testifylint // the same bytes, not only the same JSON
	require.Equal(t, http.StatusCreated, res.StatusCode)
}

func TestTransport_Reports(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t, `{"id":"pay_1","card_token":"tok_1"}`)
	var reports recorder
	res, err := post(t, Client(&reports, server.Client()), server.URL, `{"amount": 10.5, "currency": "INR"}`)
	require.NoError(t, err, "a departure is the test's affair, not the client's")
	require.NoError(t, res.Body.Close())
	require.Len(t, reports.reports, 1)
	require.Contains(t, reports.text(), "contract: POST /api/v1/payments → 201 departs from openapi.yaml")
	require.Contains(t, reports.text(), "'card_token' not allowed")
	require.Contains(t, reports.text(), "accepted although the request body at '/amount'")
}

func TestTransport_Concurrently(t *testing.T) {
	t.Parallel()
	good, _ := newServer(t, payment)
	bad, _ := newServer(t, "{}")
	var reports recorder
	client := Client(&reports, nil)
	var requests sync.WaitGroup
	for range 50 {
		for _, url := range []string{good.URL, bad.URL} {
			requests.Go(func() {
				res, err := post(t, client, url, `{"amount": 50000, "currency": "INR"}`)
				if err == nil {
					_ = res.Body.Close()
				}
			})
		}
	}
	requests.Wait()
	require.Len(t, reports.reports, 50)
}

// An answer that breaks off reaches the caller as it was, with its error and unchecked.
func TestTransport_BrokenAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	res, err := post(t, Client(t, server.Client()), server.URL, "{}")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, "half", string(text))
}

// Without an answer there is nothing to check.
func TestTransport_NoAnswer(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t, payment)
	server.Close()
	res, err := post(t, Client(t, nil), server.URL, "{}")
	if err == nil {
		_ = res.Body.Close()
	}
	require.Error(t, err)
}
