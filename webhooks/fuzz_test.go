package webhooks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

// FuzzParseSchedule: any text is a schedule within its bounds, or an error.
func FuzzParseSchedule(f *testing.F) {
	for _, seed := range []string{DefaultSchedule, "0s", "0s,-1s", ",", "0s,9999999h", " 0s , 1m ", "1s", "0s,1e9s", "0s,NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		schedule, err := ParseSchedule(text)
		if err != nil {
			return
		}
		require.Zero(t, schedule[0])
		require.LessOrEqual(t, len(schedule), maxAttempts)
		for step, pause := range schedule {
			require.True(t, pause >= 0 && pause <= maxPause)
			varied, more := schedule.Pause(step)
			require.True(t, more && varied >= 0 && varied <= pause+pause/8)
		}
	})
}

// FuzzRetryAfter: whatever an endpoint asks for, the pause is within its bounds.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"5", "0", "-1", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "1.5", " 5", "5s", "\x00"} {
		f.Add(seed, int64(1_795_424_401))
	}
	f.Fuzz(func(t *testing.T, value string, seconds int64) {
		now := time.Unix(seconds%(1<<40), 0)
		pause := retryAfter(exchange{status: http.StatusServiceUnavailable, retryAfter: value}, now)
		require.True(t, pause >= 0 && pause <= maxRetryAfter, "%s", pause)
		require.Zero(t, retryAfter(exchange{status: http.StatusInternalServerError, retryAfter: value}, now))
	})
}

// FuzzCheckHeaders: headers of an endpoint's own are such as can be sent, none of ours among them, or are refused.
func FuzzCheckHeaders(f *testing.F) {
	f.Add("Authorization", "Bearer x", "x-shop", "1")
	f.Add("Content-Type", "a", "webhook-id", "b")
	f.Add("X\r\nEvil", "a", "Host", "\r\n")
	f.Add("", "", " ", "é")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		checked, err := checkHeaders(map[string]string{name1: value1, name2: value2})
		if err != nil {
			require.Equal(t, fault.InvalidValue, fault.CodeOf(err))
			return
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", http.NoBody)
		require.NoError(t, err)
		for name, value := range checked {
			request.Header.Set(name, value)
			require.Equal(t, http.CanonicalHeaderKey(name), name)
			require.False(t, strings.HasPrefix(name, "Webhook-") || strings.HasPrefix(name, "Content-") || name == "Host")
		}
		var sent strings.Builder
		require.NoError(t, request.Header.Write(&sent))
		require.Equal(t, len(checked), strings.Count(sent.String(), "\r\n"), "a line for each header")
	})
}

// FuzzAnswerHeaders: what is kept of an endpoint's answer can be stored and read again, whatever it sent.
func FuzzAnswerHeaders(f *testing.F) {
	f.Add("Retry-After", "5", "body")
	f.Add("X-\x00", "\xff\xfe", "\x00\xff")
	f.Add("Set-Cookie", strings.Repeat("x", 10_000), strings.Repeat("é", 5000))
	f.Fuzz(func(t *testing.T, name, value, body string) {
		kept := keepHeaders(http.Header{name: {value, value}})
		stored := storeHeaders(kept)
		require.LessOrEqual(t, len(stored), 12*keptHeaders+1000)
		read, err := loadHeaders(nonEmpty(stored))
		require.NoError(t, err)
		require.Len(t, read, len(kept))
		text := storable([]byte(body))
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00", "Postgres holds no such text")
	})
}

func nonEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// FuzzCheckURL: what is taken for an endpoint's URL is sent exactly as it was written, by http or https, without a secret in it,
// and to no address that is not public.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://93.184.216.34/webhooks", "https://10.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://0x7f.1/", "https://2130706433/", "https://user:pw@93.184.216.34/",
		"https://93.184.216.34:0/", "https://93.184.216.34\\@10.0.0.1/", "HTTPS://93.184.216.34", "https://127.0.0.1.", "https://[fe80::1%25eth0]/", "//x", "https:x", "https://localhost/",
	} {
		f.Add(seed)
	}
	guard := NewGuard(GuardOptions{AllowHTTP: true, Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no DNS here")
	}}})
	f.Fuzz(func(t *testing.T, raw string) {
		err := guard.CheckURL(t.Context(), raw)
		if err != nil {
			require.Equal(t, fault.URLRefused, fault.CodeOf(err))
			return
		}
		parsed, err := url.Parse(raw)
		require.NoError(t, err)
		require.Contains(t, []string{"http", "https"}, parsed.Scheme)
		require.Nil(t, parsed.User)
		require.Equal(t, raw, parsed.String())
		address := net.ParseIP(strings.TrimSuffix(parsed.Hostname(), "."))
		require.NotNil(t, address, "no name can be looked up here")
		require.False(t, address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast() || address.IsUnspecified() || address.IsMulticast())
	})
}
