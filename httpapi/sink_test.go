package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/httpapi/contract"
	"paygate/webhooks"
	"paygate/webhooks/signature"
)

// hook is a webhook as it arrived.
type hook struct {
	path   string
	header http.Header
	body   []byte
}

// kind is the type of its event.
func (h hook) kind(t *testing.T) webhooks.Type {
	t.Helper()
	var event struct {
		Type webhooks.Type `json:"type"`
	}
	require.NoError(t, json.Unmarshal(h.body, &event))
	return event.Type
}

// verify checks both signatures.
func (h hook) verify(t *testing.T, secret string) {
	t.Helper()
	parsed, err := signature.ParseSecret(secret)
	require.NoError(t, err)
	verifier := signature.Verifier{Secrets: []signature.Secret{parsed}}
	require.NoError(t, verifier.Verify(h.header, h.body))
	require.NoError(t, signature.VerifyBody(secret, h.header.Get(signature.HeaderBody), h.body))
}

// sink is a merchant's server for webhooks. Everything that arrives is held against openapi.yaml.
type sink struct {
	url string

	mu     sync.Mutex
	hooks  []hook
	answer http.HandlerFunc // nil answers 200
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	spec := contract.Load(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the gateway has hung up
		}
		spec.CheckDelivery(t, r.Header, body)
		s.mu.Lock()
		s.hooks = append(s.hooks, hook{r.URL.Path, r.Header.Clone(), body})
		answer := s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// answerWith changes how the server answers from now on.
func (s *sink) answerWith(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// answerStatus answers every webhook with a status.
func (s *sink) answerStatus(status int) {
	s.answerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// received returns what came to a path so far.
func (s *sink) received(path string) []hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []hook
	for _, h := range s.hooks {
		if h.path == path {
			found = append(found, h)
		}
	}
	return found
}

// await waits for the first webhook of a type at a path.
func (s *sink) await(t *testing.T, path string, kind webhooks.Type) hook {
	t.Helper()
	var found hook
	eventually(t, func() bool {
		for _, h := range s.received(path) {
			if h.kind(t) == kind {
				found = h
				return true
			}
		}
		return false
	}, "%s arrives at %s", kind, path)
	return found
}

// subscribe makes an endpoint at a path of the sink, for all events when there are no types.
func (c *caller) subscribe(t *testing.T, s *sink, path string, types ...string) webhooks.Endpoint {
	t.Helper()
	request := map[string]any{"url": s.url + path}
	if len(types) > 0 {
		request["event_types"] = types
	}
	body, err := json.Marshal(request)
	require.NoError(t, err)
	return as[webhooks.Endpoint](t, c.post(t, "/api/v1/webhook_endpoints", string(body)), http.StatusCreated)
}
