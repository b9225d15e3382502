package webhooks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"code.dny.dev/ssrf"

	"paygate/fault"
)

// GuardOptions opens what is closed by default.
type GuardOptions struct {
	// AllowCIDRs are ranges that may be reached although they are private or reserved.
	AllowCIDRs []netip.Prefix
	// AllowHTTP accepts endpoints without TLS, for development.
	AllowHTTP bool
	// Resolver looks up names when a URL is checked; nil means the system's.
	Resolver *net.Resolver
}

// Guard keeps webhooks out of the operator's own network. The check that counts stands in
// the dialer's control hook: it sees the address that is about to be connected to, after
// DNS and for each try, so no name, redirect or rebinding leads around it.
type Guard struct {
	addresses *ssrf.Guardian
	resolver  *net.Resolver
	allowHTTP bool
}

// maxURLLength is what endpoints' URLs are bounded to, in bytes.
const maxURLLength = 2048

// NewGuard returns a guard that refuses every address that is not public unicast, other
// than those allowed.
func NewGuard(opts GuardOptions) *Guard {
	var v4, v6 []netip.Prefix
	for _, prefix := range opts.AllowCIDRs {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	resolver := opts.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return &Guard{
		addresses: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)),
		resolver:  resolver,
		allowHTTP: opts.AllowHTTP,
	}
}

// errBlocked marks a refusal of the dialer's hook.
var errBlocked = errors.New("the address is not allowed")

func (g *Guard) control(network, address string, conn syscall.RawConn) error {
	if err := g.addresses.Safe(network, address, conn); err != nil {
		return fmt.Errorf("%w: %w", errBlocked, err)
	}
	return nil
}

// transport is a pool of connections that only lead to allowed addresses. It never uses the
// environment's proxy: the guard would then check the proxy's address, not the target's.
func (g *Guard) transport(timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second, Control: g.control, Resolver: g.resolver}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true, // a DialContext of our own would switch HTTP/2 off
		TLSHandshakeTimeout:    timeout,
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: maxResponseHeaders,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
	}
}

// CheckURL refuses a URL that no delivery could be made to, with the reason, at the time it
// is saved. Deliveries are guarded again at each connect: what a name means can change.
func (g *Guard) CheckURL(ctx context.Context, raw string) error {
	refuse := func(format string, args ...any) error { return fault.On(fault.URLRefused, "url", format, args...) }
	if len(raw) > maxURLLength {
		return refuse("The URL is longer than %d characters.", maxURLLength)
	}
	parsed, err := url.Parse(raw)
	switch {
	case err != nil || parsed.Host == "" || parsed.Opaque != "":
		return refuse("This is not a URL that webhooks can be sent to. Give an absolute one, such as https://example.com/webhooks.")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return refuse("Webhooks are sent over https; %q is not possible.", parsed.Scheme)
	case parsed.Scheme == "http" && !g.allowHTTP:
		return refuse("Webhooks are sent over https only. Give the endpoint a TLS certificate and use its https URL.")
	case parsed.User != nil:
		return refuse("The URL must not hold a user name or password; they would end up in logs. Verify the signature instead.")
	case parsed.Fragment != "":
		return refuse("The URL must not hold a fragment (#…); it would never be sent.")
	case !validPort(parsed.Port()):
		return refuse("The URL's port must be a number from 1 to 65535.")
	case strings.ContainsFunc(parsed.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return refuse("Write the host in ASCII: for a name in another script, that is its form that begins with xn--.")
	case parsed.String() != raw:
		return refuse("Write the URL as %q, which is how it would be sent.", parsed)
	}
	host := strings.TrimSuffix(parsed.Hostname(), ".")
	var addresses []netip.Addr
	if literal, err := netip.ParseAddr(host); err == nil {
		addresses = []netip.Addr{literal}
	} else if addresses, err = g.resolver.LookupNetIP(ctx, "ip", host); err != nil || len(addresses) == 0 {
		return refuse("The host %q cannot be found in DNS. Check its spelling, or try again when its record is in place.", host)
	}
	for _, address := range addresses {
		if err := g.addresses.SafeAddr(address.WithZone("").Unmap()); err != nil {
			return refuse("The host %q leads to %s, which is not a public address. Webhooks go to public addresses only; an operator can open ranges with WEBHOOK_ALLOW_CIDRS.", host, address)
		}
	}
	return nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
