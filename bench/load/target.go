// Package load asks a gateway to take payments, as fast as it answers or at a fixed rate, and
// measures how long each answer took.
//
// It speaks HTTP/1.1 over connections of its own. Go's client costs about as much as the server that it
// measures, and on a machine that both share, half of what is measured would be the client.
package load

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Target is a gateway and who asks it.
type Target struct {
	// Addr is host:port.
	Addr string
	// Host goes into the Host header.
	Host string
	// TLS says that the connection is to be secured.
	TLS bool
	// Secret is a merchant's secret key.
	Secret string
}

// NewTarget reads the base URL of an API, as http://localhost:8000.
func NewTarget(base, secret string) (Target, error) {
	parsed, err := url.Parse(base)
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("error parsing the URL of the API: %w", err)
	case parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
		return Target{}, fmt.Errorf("%q is not a URL such as http://localhost:8000", base)
	case strings.Trim(parsed.Path, "/") != "":
		return Target{}, errors.New("the URL of the API has no path: /api/v1 is added")
	}
	target := Target{Addr: parsed.Host, Host: parsed.Host, TLS: parsed.Scheme == "https", Secret: secret}
	if parsed.Port() == "" {
		port := "80"
		if target.TLS {
			port = "443"
		}
		target.Addr = net.JoinHostPort(parsed.Hostname(), port)
	}
	return target, nil
}

// Loopback tells whether the target is this machine.
func (t Target) Loopback() bool {
	host, _, err := net.SplitHostPort(t.Addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
