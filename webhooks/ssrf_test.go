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

	"paygate/webhooks/signature"
)

func testMessage(url string) message {
	return message{url: url, eventID: "evt_1", body: `{"id":"evt_1"}`, secrets: []signature.Secret{signature.GenerateSecret()}}
}

func send(t *testing.T, guard *Guard, timeout time.Duration, m message) exchange {
	t.Helper()
	client := NewClient(guard, timeout, time.Now)
	t.Cleanup(client.Close)
	result, err := client.post(t.Context(), m)
	require.NoError(t, err)
	return result
}

var allowLoopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// nameServer answers A and AAAA queries on loopback with what answer says.
func nameServer(t *testing.T, answer func(name string) []netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(packet[:n]) != nil || len(query.Questions) != 1 {
				continue
			}
			question := query.Questions[0]
			reply := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true}, Questions: query.Questions}
			for _, addr := range answer(strings.TrimSuffix(question.Name.String(), ".")) {
				head := dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: dnsmessage.ClassINET}
				switch {
				case addr.Is4() && question.Type == dnsmessage.TypeA:
					reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
				case addr.Is6() && question.Type == dnsmessage.TypeAAAA:
					reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
				}
			}
			if packed, err := reply.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	t.Cleanup(func() { require.NoError(t, conn.Close()); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestForbiddenTargets tries every way of writing an address that webhooks must not go to, with a
// server on loopback as bait. Nothing may reach it, no form may panic, and each is refused when it is
// saved too.
func TestForbiddenTargets(t *testing.T) {
	t.Parallel()

	var reached atomic.Int32
	bait := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(bait.Close)
	port := bait.URL[strings.LastIndex(bait.URL, ":"):]

	names := map[string][]netip.Addr{
		"loop.test":     {netip.MustParseAddr("127.0.0.1")},
		"six.test":      {netip.MustParseAddr("::1")},
		"private.test":  {netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.168.0.1")},
		"metadata.test": {netip.MustParseAddr("169.254.169.254")},
		"mapped.test":   {netip.MustParseAddr("::ffff:127.0.0.1")},
		"nat64.test":    {netip.MustParseAddr("64:ff9b::7f00:1")},
		"none.test":     nil,
	}
	guard := NewGuard(GuardOptions{AllowHTTP: true, Resolver: nameServer(t, func(name string) []netip.Addr { return names[name] })})
	hosts := []string{
		// IPv4, in all spellings that some parser takes.
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "127.255.255.254",
		"0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254",
		"192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		// IPv6 and what hides an IPv4 address in it.
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]",
		"[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::]", "[2001::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "[fc00::1]", "[fd00:ec2::254]",
		"[fe80::1]", "[fe80::1%25lo]", "[fe80::1%25eth0]", "[::1%25lo]", "[fec0::1]", "[ff02::1]",
		// Names.
		"localhost", "localhost.", "LOCALHOST", "a.localhost", "loop.test", "LOOP.test", "loop.test.", "six.test", "private.test", "metadata.test",
		"mapped.test", "nat64.test", "none.test", "metadata.google.internal", "１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "loop%2etest", "127.0.0.1%00.example.com",
	}
	require.Greater(t, len(hosts), 70)
	for _, host := range hosts {
		url := "http://" + host + port + "/"
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			require.Error(t, guard.CheckURL(t.Context(), url))
			result := send(t, guard, 5*time.Second, testMessage(url))
			require.Contains(t, []string{classBlocked, classDNS, classURL}, result.class, "%s: %s", result.class, result.message)
			require.Zero(t, result.status)
		})
	}
	for _, url := range []string{
		"http://127.0.0.1:0" + "/", "http://127.0.0.1:99999/", "http://127.0.0.1:+80/", "http://127.0.0.1:80:80/", "http:///", "http://", "http://:80/", "file:///etc/passwd",
		"gopher://127.0.0.1/", "http://user:secret@127.0.0.1/", "http://127.0.0.1@10.0.0.1/", "http://10.0.0.1#@example.com/", "http:\\\\127.0.0.1\\", "//127.0.0.1/", "http://[::1", "http://[]/",
	} {
		t.Run("URL "+url, func(t *testing.T) {
			t.Parallel()
			require.Error(t, guard.CheckURL(t.Context(), url))
			require.NotEmpty(t, send(t, guard, 5*time.Second, testMessage(url)).class)
		})
	}
	t.Cleanup(func() { require.Zero(t, reached.Load(), "something got through") })
}

// A name that is public when it is looked at, and private when it is connected to, is refused then.
func TestRebinding(t *testing.T) {
	t.Parallel()

	var reached atomic.Int32
	var rebound atomic.Bool
	bait := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(bait.Close)
	resolver := nameServer(t, func(string) []netip.Addr {
		if rebound.Load() {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}
	})
	url := strings.Replace(bait.URL, "127.0.0.1", "rebind.test", 1)
	guard := NewGuard(GuardOptions{AllowHTTP: true, Resolver: resolver})
	require.NoError(t, guard.CheckURL(t.Context(), url))
	rebound.Store(true) // not by a count of questions: a resolver repeats those that it waits long for
	require.Equal(t, classBlocked, send(t, guard, 5*time.Second, testMessage(url)).class)
	require.Zero(t, reached.Load())
}

// An allowed range is reachable, by name too; what is beside it is not, and a redirect leads nowhere.
func TestAllowedTargets(t *testing.T) {
	t.Parallel()

	var reached atomic.Int32
	bait := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(bait.Close)
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.Redirect(w, r, bait.URL, http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(open.Close)
	resolver := nameServer(t, func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	guard := NewGuard(GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Resolver: resolver})
	for _, url := range []string{open.URL + "/", strings.Replace(open.URL, "127.0.0.1", "inside.test", 1) + "/"} {
		require.NoError(t, guard.CheckURL(t.Context(), url))
		require.Empty(t, send(t, guard, 5*time.Second, testMessage(url)).class)
	}
	beside := strings.Replace(open.URL, "127.0.0.1", "127.0.0.2", 1)
	require.Error(t, guard.CheckURL(t.Context(), beside))
	require.Equal(t, classBlocked, send(t, guard, 5*time.Second, testMessage(beside)).class)

	result := send(t, guard, 5*time.Second, testMessage(open.URL+"/redirect"))
	require.Equal(t, classRedirect, result.class)
	require.Equal(t, http.StatusTemporaryRedirect, result.status)
	require.Zero(t, reached.Load())
}

// The environment's proxy is not used: the guard would check the proxy's address and not the target's.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	require.Nil(t, NewGuard(GuardOptions{}).transport(time.Second).Proxy)
}
