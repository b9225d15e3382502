package dashboard

import (
	"net/http"

	"paygate/fault"
)

// forOperators protects River UI, which has no sign-in of its own. Cross-origin writes are refused
// before they come here.
func (s *Server) forOperators(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, err := s.Sessions.Person(r)
		if err == nil && !person.Operator {
			err = fault.New(fault.Forbidden, "River UI belongs to the operator of the gateway.")
		}
		if err != nil {
			refuse(w, r, err)
			return
		}
		if s.Prefix != "" { // it wants its whole prefix, whether or not the proxy left it in
			inner := r.Clone(r.Context())
			inner.URL.Path = s.Prefix + r.URL.Path
			r = inner
		}
		next.ServeHTTP(w, r)
	})
}
