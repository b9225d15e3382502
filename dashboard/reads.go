package dashboard

import (
	"net/http"
	"time"
)

// writtenCookie marks the browser of somebody who has just changed something, for as long as a replica may not
// show it: until then its pages are read from the primary. A cookie and not a note of this process, since the
// next request may reach another.
const writtenCookie = "paygate_written"

// reading decides where the queries of one request go: all to one server, and to the primary after a change.
func (s *Server) reading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie(writtenCookie)
		latest := err == nil
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			latest = true
			s.markWritten(w)
		}
		next.ServeHTTP(w, r.WithContext(s.Reads.Pin(r.Context(), latest)))
	})
}

// markWritten sets the cookie; the browser counts its life from the answer on, and so from after the change.
func (s *Server) markWritten(w http.ResponseWriter) {
	lag := s.Reads.MaxLag()
	if lag == 0 {
		return
	}
	//nolint:gosec // Secure everywhere but in development, which has no TLS
	http.SetCookie(w, &http.Cookie{
		Name: writtenCookie, Value: "1", Path: s.Prefix + "/", MaxAge: int((lag + time.Second - 1) / time.Second),
		HttpOnly: true, Secure: s.Sessions.Secure, SameSite: http.SameSiteStrictMode,
	})
}
