package contract

import (
	"bytes"
	"io"
	"net/http"
)

// Client returns a copy of base (http.DefaultClient when nil) whose exchanges are all
// held against the document. Use it for the API's address only: anything else that it
// reaches is an undocumented path.
func Client(t TB, base *http.Client) *http.Client {
	t.Helper()
	if base == nil {
		base = http.DefaultClient
	}
	client := *base
	client.Transport = Transport(t, base.Transport)
	return &client
}

// Transport wraps base (http.DefaultTransport when nil) so that every exchange is held
// against the document. Departures are reported to t by Errorf; the response reaches
// the caller unchanged. Bodies are read whole on the way, so a test of half-sent
// requests or of a server that dies while answering is better off without it; an
// exchange that ends in an error is handed on unchecked.
//
// It may be used from many goroutines, all of which must end before the test does.
func Transport(t TB, base http.RoundTripper) http.RoundTripper {
	t.Helper()
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{base: base, spec: Load(t), t: t}
}

type transport struct {
	base http.RoundTripper
	spec *Spec
	t    TB
}

// RoundTrip implements http.RoundTripper.
func (tr *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	tr.t.Helper()
	sent, reqBody, err := withBody(req)
	if err != nil {
		return nil, err
	}
	res, err := tr.base.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	resBody, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(resBody), failingReader{err}))
		return res, nil //nolint:nilerr // who reads the body gets it
	}
	res.Body = io.NopCloser(bytes.NewReader(resBody))
	res.Request = req
	tr.spec.Check(tr.t, req, reqBody, res, resBody)
	return res, nil
}

// withBody reads the request's body and returns a request that still has it; a round
// tripper must leave the original as it is.
func withBody(req *http.Request) (*http.Request, []byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	sent := req.Clone(req.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return sent, body, nil
}

// failingReader ends a body with the error that ended the original.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
