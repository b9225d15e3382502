package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	t.Parallel()

	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/well":
			_, _ = io.WriteString(w, `{"status":"ok"}`)
		case "/ill":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"status":"unavailable"}`)
		default:
			<-hang
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })

	require.Equal(t, outcome{exitOK, "{\"status\":\"ok\"}\n", ""}, call(t, map[string]string{"PAYGATE_HEALTH_URL": server.URL + "/well"}, "health"))
	require.Equal(t, outcome{exitFailure, "", "paygate: " + server.URL + "/ill answers 503 Service Unavailable: {\"status\":\"unavailable\"}\n"},
		call(t, nil, "health", "--url="+server.URL+"/ill"))

	begin := time.Now()
	got := call(t, nil, "health", "--timeout=200ms", "--url="+server.URL+"/hangs")
	require.Equal(t, exitFailure, got.status)
	require.Contains(t, got.stderr, "deadline exceeded")
	require.Less(t, time.Since(begin), patience)
}
