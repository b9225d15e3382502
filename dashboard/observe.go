package dashboard

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"paygate/db/ids"
)

// observed counts each request and writes one line for it, but for what the API behind the dashboard
// counts and writes itself.
func (s *Server) observed(next http.Handler) http.Handler {
	counted := s.Metrics.Server("dashboard")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/") || r.URL.Path == "/openapi.yaml" {
			next.ServeHTTP(w, r)
			return
		}
		begin, id := time.Now(), ids.New(ids.Request)
		w.Header().Set("X-Request-Id", id)
		answer := &answered{ResponseWriter: w, status: http.StatusOK}
		counted.Begin()
		defer func() {
			took := time.Since(begin)
			_, route, _ := strings.Cut(r.Pattern, " ") // of those with a method in front
			if route == "" {
				route = r.Pattern
			}
			counted.End(r.Method, route, answer.status, took)
			level := slog.LevelInfo
			if answer.status >= http.StatusInternalServerError {
				level = slog.LevelError
			}
			s.Logger.LogAttrs(r.Context(), level, "request",
				slog.String("request_id", id),
				slog.String("method", r.Method),
				slog.String("route", route),
				slog.Int("status", answer.status),
				slog.Duration("duration", took),
			)
		}()
		next.ServeHTTP(answer, r)
	})
}

// answered notes the status that is sent.
type answered struct {
	http.ResponseWriter

	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answered) WriteHeader(status int) {
	if status >= http.StatusOK { // an interim answer is none
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what the server's own writer can do.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
