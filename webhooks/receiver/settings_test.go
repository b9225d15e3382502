package receiver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestControl(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		put      string
		inForce  Settings
		location string
		retry    string
	}{
		"OK":            {put: `{"mode":"ok"}`, inForce: Settings{Mode: ModeOK, Status: 200}},
		"OKWithStatus":  {put: `{"mode":"ok","status":204}`, inForce: Settings{Mode: ModeOK, Status: 204}},
		"Fail":          {put: `{"mode":"fail"}`, inForce: Settings{Mode: ModeFail, Status: 500}},
		"FailWith404":   {put: `{"mode":"fail","status":404,"location":"/x","retry_after":9}`, inForce: Settings{Mode: ModeFail, Status: 404}},
		"Delay":         {put: `{"mode":"delay","delay_ms":1}`, inForce: Settings{Mode: ModeDelay, Status: 200, DelayMS: 1}},
		"DelayedFail":   {put: `{"mode":"fail","delay_ms":1}`, inForce: Settings{Mode: ModeFail, Status: 500, DelayMS: 1}},
		"Redirect":      {put: `{"mode":"redirect"}`, inForce: Settings{Mode: ModeRedirect, Status: 307, Location: "/elsewhere"}, location: "/elsewhere"},
		"RedirectAway":  {put: `{"mode":"redirect","status":302,"location":"http://example.com/"}`, inForce: Settings{Mode: ModeRedirect, Status: 302, Location: "http://example.com/"}, location: "http://example.com/"},
		"RateLimit":     {put: `{"mode":"rate_limit"}`, inForce: Settings{Mode: ModeRateLimit, Status: 429, RetryAfter: 5}, retry: "5"},
		"Overloaded":    {put: `{"mode":"rate_limit","status":503,"retry_after":60}`, inForce: Settings{Mode: ModeRateLimit, Status: 503, RetryAfter: 60}, retry: "60"},
		"Gone":          {put: `{"mode":"gone"}`, inForce: Settings{Mode: ModeGone, Status: 410}},
		"OnOnePathOnly": {put: `{"mode":"fail","path":"/webhook"}`, inForce: Settings{Mode: ModeFail, Status: 500, Path: "/webhook"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			bundle := setup(t, Options{})
			_, answer := bundle.request(t, http.MethodPut, "/_control", tt.put, nil)
			var settings Settings
			require.NoError(t, json.Unmarshal([]byte(answer), &settings), answer)
			require.Equal(t, tt.inForce, settings)
			_, shown := bundle.request(t, http.MethodGet, "/_control", "", nil)
			require.JSONEq(t, answer, shown)

			res := bundle.post(t, "/webhook", `{}`)
			require.Equal(t, tt.inForce.Status, res.StatusCode)
			require.Equal(t, tt.location, res.Header.Get("Location"))
			require.Equal(t, tt.retry, res.Header.Get("Retry-After"))
			w := bundle.latest(t)
			require.Equal(t, tt.inForce.Status, w.Answer.Status)
			require.Equal(t, tt.inForce.Mode, w.Answer.Mode)

			if tt.inForce.Path != "" {
				require.Equal(t, http.StatusOK, bundle.post(t, "/webhook/other", `{}`).StatusCode)
			}
			// What GET shows can be put back as it is.
			bundle.control(t, shown)
		})
	}
}

func TestControlCountsDown(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	stream := bundle.stream(t)
	bundle.control(t, `{"mode":"fail","status":503,"times":10,"path":"/webhook"}`)
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook/other", `{}`).StatusCode)
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook?delay=1ms", `{}`).StatusCode)

	// At the same moment: exactly ten of them fail.
	var group sync.WaitGroup
	var failed atomic.Int32
	for range 40 {
		group.Go(func() {
			res, _, err := bundle.try(t, http.MethodPost, "/webhook", `{}`, nil)
			if err != nil {
				t.Error(err)
			}
			if res.StatusCode == http.StatusServiceUnavailable {
				failed.Add(1)
			}
		})
	}
	group.Wait()
	require.Equal(t, int32(10), failed.Load())
	require.Equal(t, defaultSettings(), bundle.receiver.state.control())

	// Watchers are told that it is over.
	for {
		event, ok := stream.next()
		require.True(t, ok)
		if event.name == "overview" && strings.Contains(event.data, `"mode":"ok"`) {
			break
		}
	}
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for put, want := range map[string]struct{ code, param string }{
		``:                                   {"malformed_json", ""},
		`{`:                                  {"malformed_json", ""},
		`{"mode":"ok"} {}`:                   {"malformed_json", ""},
		`{"mod":"ok"}`:                       {"unknown_field", "mod"},
		`{}`:                                 {"missing_field", "mode"},
		`{"mode":"slow"}`:                    {"invalid_value", "mode"},
		`{"mode":7}`:                         {"invalid_type", "mode"},
		`{"mode":"fail","status":200}`:       {"invalid_value", "status"},
		`{"mode":"fail","status":"500"}`:     {"invalid_type", "status"},
		`{"mode":"ok","status":500}`:         {"invalid_value", "status"},
		`{"mode":"gone","status":404}`:       {"invalid_value", "status"},
		`{"mode":"delay","delay_ms":-1}`:     {"invalid_value", "delay_ms"},
		`{"mode":"delay","delay_ms":120001}`: {"invalid_value", "delay_ms"},
		`{"mode":"fail","times":-1}`:         {"invalid_value", "times"},
		`{"mode":"fail","path":"webhook"}`:   {"invalid_value", "path"},
		`{"mode":"redirect","location":"http://a b:x/"}`: {"invalid_value", "location"},
		`{"mode":"rate_limit","retry_after":-5}`:         {"invalid_value", "retry_after"},
	} {
		res, answer := bundle.request(t, http.MethodPut, "/_control", put, nil)
		require.Equal(t, http.StatusBadRequest, res.StatusCode, put)
		require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
		var problem struct{ Code, Param, Detail, Instance string }
		require.NoError(t, json.Unmarshal([]byte(answer), &problem))
		require.Equal(t, want.code, problem.Code, put)
		require.Equal(t, want.param, problem.Param, put)
		require.NotEmpty(t, problem.Detail)
		require.Equal(t, "/_control", problem.Instance)
	}
	res, _ := bundle.request(t, http.MethodPut, "/_control", `{"mode":"`+strings.Repeat("x", maxControlBody)+`"}`, nil)
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
	require.Equal(t, defaultSettings(), bundle.receiver.state.control())
}

func TestCloseMode(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	send := func(path string) error {
		_, _, err := bundle.try(t, http.MethodPost, path, `{}`, nil)
		return err
	}
	require.ErrorIs(t, send("/webhook?close"), io.EOF)
	bundle.control(t, `{"mode":"close","times":1}`)
	require.ErrorIs(t, send("/webhook"), io.EOF)
	require.NoError(t, send("/webhook"))

	list := bundle.list(t, "")
	require.Len(t, list, 3)
	require.Equal(t, Answer{Mode: ModeClose, Reason: "told to by the settings"}, list[1].Answer)
}

func TestQuery(t *testing.T) {
	t.Parallel()

	for query, want := range map[string]plan{
		"fail":                      {mode: ModeFail, status: 500},
		"fail=500":                  {mode: ModeFail, status: 500},
		"fail=404":                  {mode: ModeFail, status: 404},
		"delay=3s":                  {mode: ModeDelay, status: 200, delay: 3 * time.Second},
		"delay=1500ms&fail=502":     {mode: ModeFail, status: 502, delay: 1500 * time.Millisecond},
		"redirect=/elsewhere":       {mode: ModeRedirect, status: 307, location: "/elsewhere"},
		"redirect":                  {mode: ModeRedirect, status: 307, location: "/elsewhere"},
		"redirect=http://10.0.0.1/": {mode: ModeRedirect, status: 307, location: "http://10.0.0.1/"},
		"retry_after=5":             {mode: ModeRateLimit, status: 429, retryAfter: 5},
		"retry_after=5&fail=503":    {mode: ModeFail, status: 503, retryAfter: 5},
		"gone":                      {mode: ModeGone, status: 410},
		"close":                     {mode: ModeClose},
		"close&delay=1s":            {mode: ModeClose, delay: time.Second},
		"unrelated=1&gone":          {mode: ModeGone, status: 410},
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		got, asked := planByQuery(values)
		require.True(t, asked, query)
		want.reason = "told to by the URL's query"
		require.Equal(t, want, got, query)
	}

	for _, query := range []string{
		"fail=200", "fail=x", "fail=0", "fail=999", "delay", "delay=3", "delay=-1s", "delay=1ns", "delay=3h",
		"retry_after=", "retry_after=0", "retry_after=soon", "retry_after=999999999999999999999", "redirect=http://a%20b/",
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		got, asked := planByQuery(values)
		require.True(t, asked, query)
		require.Equal(t, http.StatusBadRequest, got.status, query)
		require.NotEmpty(t, got.reason)
	}

	_, asked := planByQuery(url.Values{"other": {"1"}})
	require.False(t, asked)
}

func TestQueryWinsOverSettings(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	bundle.control(t, `{"mode":"fail","times":1}`)
	res := bundle.post(t, "/webhook?retry_after=7&delay=1ms", `{}`)
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.Equal(t, "7", res.Header.Get("Retry-After"))
	require.Equal(t, http.StatusInternalServerError, bundle.post(t, "/webhook", `{}`).StatusCode, "the one time is still left")
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook", `{}`).StatusCode)

	res, body := bundle.request(t, http.MethodPost, "/webhook?fail=soon", `{}`, nil)
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.JSONEq(t, `{"received":true,"attempt":1,"reason":"fail is a status from 300 to 599"}`, body)
}

func TestRedirectCannotSplitHeaders(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	res := bundle.post(t, "/webhook?redirect="+url.QueryEscape("/x\r\nSet-Cookie: a=b"), `{}`)
	require.Empty(t, res.Header.Get("Set-Cookie"), fmt.Sprint(res.Header))
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
}
