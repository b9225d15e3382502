package checkout_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// crossroads is the proxy of a browser that takes no rules for names, as Chromium does. It leads the origins of the tests to
// their servers, and everything else nowhere.
type crossroads struct {
	// servers are the addresses of the servers by the host that the browser knows.
	servers map[string]string
	forward *httputil.ReverseProxy

	mu        sync.Mutex
	strangers []string
}

func newCrossroads(t *testing.T, s *stack) *crossroads {
	t.Helper()
	c := &crossroads{servers: make(map[string]string)}
	for origin, address := range map[string]string{
		checkoutOrigin: s.checkout.Listener.Addr().String(), shopOrigin: s.shop.Listener.Addr().String(), evilOrigin: s.shop.Listener.Addr().String(),
	} {
		parsed, err := url.Parse(origin)
		require.NoError(t, err)
		c.servers[parsed.Host] = address
	}
	// The Host that the browser sent stays: the checkout compares it with the request's origin.
	c.forward = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", c.servers[r.In.Host], r.In.Host
	}}
	return c
}

// ServeHTTP implements http.Handler.
func (c *crossroads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || c.servers[r.Host] == "" {
		c.mu.Lock()
		c.strangers = append(c.strangers, r.Host)
		c.mu.Unlock()
		http.Error(w, "There is nothing but the tests' own servers.", http.StatusBadGateway)
		return
	}
	c.forward.ServeHTTP(w, r)
}

// others are the hosts that were asked for beside the tests' own.
func (c *crossroads) others() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.strangers)
	return slices.Compact(c.strangers)
}
