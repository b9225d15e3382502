package receiver

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListEvents(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	_, body := bundle.request(t, http.MethodGet, "/_events", "", nil)
	require.JSONEq(t, `{"object":"list","data":[],"has_more":false}`, body)

	bundle.post(t, "/webhook", `{"id":"evt_1","type":"payment.created"}`)
	bundle.post(t, "/webhook", `{"id":"evt_2","type":"payment.success"}`)
	bundle.post(t, "/webhook/a", `{"id":"evt_2","type":"payment.success"}`)
	bundle.post(t, "/webhook", `{"id":"evt_3","type":"refund.processed"}`)

	for query, want := range map[string][]int64{
		"":                          {4, 3, 2, 1},
		"?limit=2":                  {4, 3},
		"?id=evt_2":                 {3, 2},
		"?id=evt_2&path=/webhook/a": {3},
		"?type=payment.success":     {3, 2},
		"?type=payment.*":           {3, 2, 1},
		"?type=payment.*&limit=1":   {3},
		"?type=payment":             {},
		"?type=*":                   {4, 3, 2, 1},
		"?id=evt_9":                 {},
	} {
		got := []int64{}
		for _, w := range bundle.list(t, query) {
			got = append(got, w.Sequence)
		}
		require.Equal(t, want, got, query)
	}

	_, body = bundle.request(t, http.MethodGet, "/_events?limit=3", "", nil)
	require.Contains(t, body, `"has_more":true`)
	_, body = bundle.request(t, http.MethodGet, "/_events?limit=4", "", nil)
	require.Contains(t, body, `"has_more":false`)

	for _, limit := range []string{"0", "-1", "x"} {
		res, body := bundle.request(t, http.MethodGet, "/_events?limit="+limit, "", nil)
		require.Equal(t, http.StatusBadRequest, res.StatusCode)
		require.Contains(t, body, `"param":"limit"`)
	}
}

func TestClearEvents(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	bundle.post(t, "/webhook", `{"id":"evt_1"}`)
	res, _ := bundle.request(t, http.MethodDelete, "/_events", "", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	require.Empty(t, bundle.list(t, ""))

	bundle.post(t, "/webhook", `{"id":"evt_1"}`)
	w := bundle.latest(t)
	require.Equal(t, int64(2), w.Sequence, "numbers are not given twice")
	require.Equal(t, 1, w.Attempt, "a clear is a new start")
}

func TestCrossOriginRequestsAreRefused(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	bundle.post(t, "/webhook", `{}`)
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}}, // another port of localhost
		{"Origin": {"https://evil.example"}},
	} {
		for route, body := range map[[2]string]string{
			{http.MethodPut, "/_control"}:   `{"mode":"fail"}`,
			{http.MethodDelete, "/_events"}: ``,
			{http.MethodPost, "/_secrets"}:  `{"secret":"x"}`,
		} {
			res, answer := bundle.request(t, route[0], route[1], body, header)
			require.Equal(t, http.StatusForbidden, res.StatusCode, route)
			require.Contains(t, answer, `"code":"forbidden"`)
		}
	}
	require.Len(t, bundle.list(t, ""), 1)
	require.Equal(t, defaultSettings(), bundle.receiver.state.control())

	res, _ := bundle.request(t, http.MethodPut, "/_control", `{"mode":"fail"}`, http.Header{"Sec-Fetch-Site": {"same-origin"}})
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestOtherRoutes(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/webhook", http.StatusMethodNotAllowed},
		{http.MethodPut, "/webhook", http.StatusMethodNotAllowed},
		{http.MethodGet, "/favicon.ico", http.StatusMethodNotAllowed},
		{http.MethodGet, "/_nothing", http.StatusNotFound},
		{http.MethodPost, "/_nothing", http.StatusNotFound},
		{http.MethodPost, "/_control", http.StatusNotFound},
		{http.MethodGet, "/_secrets", http.StatusNotFound},
		{http.MethodGet, "/_assets/0/app.js", http.StatusNotFound},
	} {
		res, _ := bundle.request(t, tt.method, tt.path, "", nil)
		require.Equal(t, tt.status, res.StatusCode, tt)
	}
	require.Empty(t, bundle.list(t, ""))
}
