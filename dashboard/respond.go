package dashboard

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"paygate/db"
	"paygate/fault"
	"paygate/wire"
)

// access is what a route asks of whoever is signed in.
type access int

const (
	anybody access = iota
	// developers may change things; so may owners.
	developers
	owners
)

// call is a request of somebody who is signed in.
type call struct {
	*http.Request
	person *Person
}

// doors are the routes of a server.
type doors struct {
	mux      *http.ServeMux
	server   *Server
	patterns []string
}

// raw adds a route that looks after itself.
func (d *doors) raw(pattern string, handler http.Handler) {
	d.patterns = append(d.patterns, pattern)
	d.mux.Handle(pattern, handler)
}

// handle adds a route that answers JSON to people of a role. What a handler returns is the answer;
// nil is 204.
func (d *doors) handle(pattern string, needs access, answer func(*call) (any, error)) {
	s := d.server
	d.raw(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, err := s.Sessions.Person(r)
		if err == nil {
			err = person.may(needs)
		}
		if err != nil {
			refuse(w, r, err)
			return
		}
		body, err := answer(&call{r, person})
		switch {
		case err != nil:
			s.failed(r, err)
			refuse(w, r, err)
		case body == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			respond(w, http.StatusOK, body)
		}
	}))
}

// failed notes what is our own failure.
func (s *Server) failed(r *http.Request, err error) {
	if fault.CodeOf(err) == fault.Internal {
		s.Logger.LogAttrs(r.Context(), slog.LevelError, "dashboard request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
}

func respond(w http.ResponseWriter, status int, resource any) {
	body, err := wire.Encode(resource)
	if err != nil {
		panic(err) // our own shapes
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked is gone, or has it
}

// problem is an error as RFC 9457 has it, in the members that the REST API gives it.
type problem struct {
	Type     string     `json:"type"`
	Title    string     `json:"title"`
	Status   int        `json:"status"`
	Detail   string     `json:"detail"`
	Instance string     `json:"instance"`
	Code     fault.Code `json:"code"`
	Param    string     `json:"param,omitzero"`
}

func refuse(w http.ResponseWriter, r *http.Request, err error) {
	public := db.PublicError(err)
	status := statusOf(public.Code)
	if public.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((public.RetryAfter+time.Second-1)/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	respond(w, status, problem{
		Type: "/docs/errors#" + string(public.Code), Title: http.StatusText(status), Status: status, Detail: public.Message,
		Instance: r.URL.EscapedPath(), Code: public.Code, Param: public.Param,
	})
}

// statusOf is the status of the few codes that the dashboard's own routes answer with.
func statusOf(code fault.Code) int {
	switch code { //nolint:exhaustive // the other codes are those of the REST API
	case fault.Internal:
		return http.StatusInternalServerError
	case fault.CredentialsMissing, fault.CredentialsInvalid:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound, fault.RouteNotFound:
		return http.StatusNotFound
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable, fault.Overloaded:
		return http.StatusServiceUnavailable
	case fault.BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusBadRequest
	}
}

// maxBody is the largest request body of the dashboard's own routes, in bytes.
const maxBody = 16 << 10

// decode reads a JSON body. A form of another site cannot send this media type without being asked first.
func decode(r *http.Request, into any) error {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return fault.On(fault.UnsupportedMediaType, "Content-Type", "The body must be JSON.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fault.New(fault.BodyTooLarge, "The body is larger than %d KiB.", maxBody>>10)
	}
	if err != nil {
		return fault.New(fault.MalformedJSON, "The body ended before it was complete.").Because(err)
	}
	return wire.Decode(body, into)
}
