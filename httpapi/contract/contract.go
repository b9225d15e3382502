// Package contract holds HTTP exchanges and webhooks in tests against openapi.yaml,
// in both directions: what is answered must be documented, and what is documented as
// allowed must be what is accepted.
//
// Wrap a test's HTTP client once and every exchange is held against the document:
//
//	client := contract.Client(t, server.Client())
//
// kin-openapi loads the document, resolves it and (in this package's own tests)
// validates it. The schemas are compiled here, once per process, with the JSON Schema
// library beneath kin-openapi: its own openapi3filter compiles them anew for every
// value, 8 ms for one payment, and falls back to an older validator without a word
// when compiling fails.
//
// The package imports httpapi for the document, so tests inside package httpapi
// cannot import it; tests in package httpapi_test can.
package contract

import (
	"slices"
	"strings"
	"sync"

	"paygate/httpapi"
)

// TB is what this package needs of a test: *testing.T, *testing.B, *testing.F and
// *rapid.T have it. Apart from Load, nothing here calls FailNow, so that exchanges may
// be checked on any goroutine.
type TB interface {
	Errorf(format string, args ...any)
	FailNow()
	Helper()
}

// Spec is the compiled document. It is immutable and safe for concurrent use.
type Spec struct {
	operations []*operation
	webhooks   map[string]*webhook
	codes      map[string]errorCode

	// The two answers that belong to no operation.
	routeNotFound    *response
	methodNotAllowed *response
}

var load = sync.OnceValues(func() (*Spec, error) { return compile(httpapi.Document) })

// Load returns the document that httpapi serves, compiled. The work is done once per
// process.
func Load(t TB) *Spec {
	t.Helper()
	spec, err := load()
	if err != nil {
		t.Errorf("error compiling openapi.yaml: %v", err)
		t.FailNow()
	}
	return spec
}

// Operations lists what is documented, sorted, each as "GET /api/v1/orders/{id}".
func (s *Spec) Operations() []string {
	names := make([]string, 0, len(s.operations))
	for _, op := range s.operations {
		names = append(names, op.name())
	}
	slices.Sort(names)
	return names
}

// CheckRoutes reports every documented operation that is not routed and every route
// that is not documented. A route is a method and a path with a space between, its
// parameters in Gin's form or in OpenAPI's: "GET /api/v1/orders/:id".
func (s *Spec) CheckRoutes(t TB, routes []string) {
	t.Helper()
	routed := make([]string, 0, len(routes))
	for _, route := range routes {
		segments := strings.Split(route, "/")
		for i, segment := range segments {
			if name, ok := strings.CutPrefix(segment, ":"); ok {
				segments[i] = "{" + name + "}"
			}
		}
		routed = append(routed, strings.Join(segments, "/"))
	}
	documented := s.Operations()
	for _, name := range documented {
		if !slices.Contains(routed, name) {
			t.Errorf("contract: %s is documented and not routed", name)
		}
	}
	for _, name := range routed {
		if !slices.Contains(documented, name) {
			t.Errorf("contract: %s is routed and not documented", name)
		}
	}
}
