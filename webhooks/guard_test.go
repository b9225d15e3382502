package webhooks

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"paygate/fault"
)

// newResolver asks a name server of the test's own, which knows these names and no others.
func newResolver(t *testing.T, names map[string][]netip.Addr) *net.Resolver {
	t.Helper()
	server, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 512)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return // closed
			}
			if answer, err := answerQuery(buffer[:n], names); err == nil {
				_, _ = server.WriteToUDPAddrPort(answer, from)
			}
		}
	}()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		<-ended
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func answerQuery(query []byte, names map[string][]netip.Addr) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil {
		return nil, err
	}
	question := message.Questions[0]
	message.Response, message.RecursionAvailable, message.Additionals = true, true, nil
	addresses, known := names[strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))]
	if !known {
		message.RCode = dnsmessage.RCodeNameError
	}
	for _, address := range addresses {
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, Type: question.Type}
		switch {
		case address.Is4() && question.Type == dnsmessage.TypeA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		case address.Is6() && question.Type == dnsmessage.TypeAAAA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	return message.Pack()
}

func addresses(texts ...string) []netip.Addr {
	all := make([]netip.Addr, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParseAddr(text)
	}
	return all
}

func TestGuard_CheckURL(t *testing.T) {
	t.Parallel()

	resolver := newResolver(t, map[string][]netip.Addr{
		"public.test": addresses("93.184.216.34"), "both.test": addresses("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"),
		"private.test": addresses("10.0.0.7"), "mixed.test": addresses("93.184.216.34", "10.0.0.7"), "mixed6.test": addresses("93.184.216.34", "fd00::1"),
		"loopback.test": addresses("127.0.0.1"), "metadata.test": addresses("169.254.169.254"), "nothing.test": nil,
	})
	strict := NewGuard(GuardOptions{Resolver: resolver})
	open := NewGuard(GuardOptions{Resolver: resolver, AllowHTTP: true, AllowCIDRs: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/8"),
	}})

	for _, url := range []string{
		"https://public.test", "https://public.test/", "https://PUBLIC.test/webhooks?shop=1&x=%20", "https://both.test:8443/a/b%2Fc", "https://public.test./",
		"https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]:8443/", "https://public.test/" + strings.Repeat("a", 2000),
	} {
		require.NoError(t, strict.CheckURL(t.Context(), url), url)
		require.NoError(t, open.CheckURL(t.Context(), url), url)
	}

	// What is never possible, and what the operator may open.
	for url, says := range map[string]string{
		"":                                 "not a URL",
		"shop":                             "not a URL",
		"/webhooks":                        "not a URL",
		"//public.test/":                   "https",
		"https://":                         "not a URL",
		"https:public.test":                "not a URL",
		"https:///webhooks":                "not a URL",
		"https://:443/":                    "cannot be found",
		"mailto:shop@public.test":          "not a URL",
		"ftp://public.test/":               `"ftp" is not possible`,
		"file:///etc/passwd":               "not a URL",
		"https://public.test/\x00":         "not a URL",
		"https://public.test/\n":           "not a URL",
		"https://public.test/%zz":          "not a URL",
		"https://public.test:0/":           "port",
		"https://public.test:65536/":       "port",
		"https://public.test:x/":           "not a URL",
		"https://user:hunter2@public.test": "user name or password",
		"https://user@public.test":         "user name or password",
		"https://public.test/#here":        "fragment",
		"https://public.test/#":            "Write the URL as",
		"https://public.test/a b":          `"https://public.test/a%20b"`,
		"https://public.test/é":            `"https://public.test/%C3%A9"`,
		"HTTPS://public.test/":             `"https://public.test/"`,
		"https://unknown.test/":            "cannot be found in DNS",
		"https://nothing.test/":            "cannot be found in DNS",
		"https://münchen.test/":            "xn--",
		"https://public.test.example/":     "cannot be found in DNS",
		"https://2130706433/":              "cannot be found in DNS",
		"https://0x7f000001/":              "cannot be found in DNS",
		"https://127.1/":                   "cannot be found in DNS",
		"https://0177.0.0.1/":              "cannot be found in DNS",
		"https://public.test/" + strings.Repeat("a", 2048): "longer than 2048",
		"https://metadata.test/":                           "not a public address",
		"https://169.254.169.254/latest":                   "not a public address",
		"https://0.0.0.0/":                                 "not a public address",
		"https://192.168.0.1/":                             "not a public address",
		"https://172.16.0.1/":                              "not a public address",
		"https://100.64.0.1/":                              "not a public address",
		"https://192.0.2.1/":                               "not a public address",
		"https://198.18.0.1/":                              "not a public address",
		"https://224.0.0.1/":                               "not a public address",
		"https://255.255.255.255/":                         "not a public address",
		"https://[::]/":                                    "not a public address",
		"https://[::1]/":                                   "not a public address",
		"https://[::ffff:169.254.169.254]/":                "not a public address",
		"https://[64:ff9b::7f00:1]/":                       "not a public address",
		"https://[2002:7f00:1::]/":                         "not a public address",
		"https://[fe80::1%25lo]/":                          "not a public address",
		"https://[fec0::1]/":                               "not a public address",
		"https://[ff02::1]/":                               "not a public address",
		"https://[2001:db8::1]/":                           "not a public address",
	} {
		for _, guard := range []*Guard{strict, open} {
			err := guard.CheckURL(t.Context(), url)
			require.Equal(t, fault.URLRefused, fault.CodeOf(err), url)
			require.Equal(t, "url", fault.From(err).Param)
			require.Contains(t, fault.From(err).Message, says, url)
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
	for _, url := range []string{
		"http://public.test/", "https://10.0.0.7/", "https://private.test/", "https://mixed.test/", "https://mixed6.test/", "https://127.0.0.1:4000/",
		"https://loopback.test/", "https://[fd00::1]/", "https://[::ffff:10.0.0.7]/",
	} {
		require.Equal(t, fault.URLRefused, fault.CodeOf(strict.CheckURL(t.Context(), url)), url)
		require.NoError(t, open.CheckURL(t.Context(), url), url)
	}
}

// TestGuard_AtConnect: what a name means when it is dialed is what counts.
func TestGuard_AtConnect(t *testing.T) {
	t.Parallel()

	var reached atomic.Int32
	bait := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(bait.Close)
	_, port, err := net.SplitHostPort(bait.Listener.Addr().String())
	require.NoError(t, err)
	resolver := newResolver(t, map[string][]netip.Addr{"rebound.test": addresses("127.0.0.1"), "mapped.test": addresses("::ffff:127.0.0.1")})

	get := func(guard *Guard, host string) error {
		client := &http.Client{Transport: guard.transport(5 * time.Second)}
		defer client.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, port), nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		if err == nil {
			require.NoError(t, response.Body.Close())
		}
		return err
	}
	strict := NewGuard(GuardOptions{Resolver: resolver, AllowHTTP: true})
	for _, host := range []string{"127.0.0.1", "rebound.test", "mapped.test", "::ffff:127.0.0.1", "0.0.0.0", "::", "::1", "localhost"} {
		require.Error(t, get(strict, host), host)
	}
	for _, host := range []string{"127.0.0.1", "rebound.test"} {
		err := get(strict, host)
		require.ErrorIs(t, err, errBlocked)
		class, message := classify(err)
		require.Equal(t, classBlocked, class)
		require.NotContains(t, message, "127")
	}
	require.Zero(t, reached.Load())
	open := NewGuard(GuardOptions{Resolver: resolver, AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	require.NoError(t, get(open, "rebound.test"))
	require.EqualValues(t, 1, reached.Load())
}
