package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/db/ids"
	"paygate/fault"
)

func TestRequestID(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{})
	seen := make(map[string]bool)
	for name, given := range map[string]string{
		"None": "", "Good": "checkout-7.A_b", "Longest": strings.Repeat("r", 128), "TooLong": strings.Repeat("r", 129),
		"Blank": " ", "Space": "a b", "Slash": "a/b", "Quote": `a"b`, "Markup": "<script>", "NotASCII": "é", "NotUTF8": "\xff", "Percent": "%0a", "Tab": "a\tb",
	} {
		kept := name == "Good" || name == "Longest"
		for _, path := range []string{"/health", "/api/v1/payments", "/nowhere"} {
			got := a.send(t, http.MethodGet, path, "", "X-Request-Id", given)
			id := got.header.Get("X-Request-Id")
			if kept {
				require.Equal(t, given, id)
			} else {
				require.True(t, ids.Valid(ids.Request, id), "%s: %s", name, id)
				require.False(t, seen[id], "each request has its own")
				seen[id] = true
			}
			if got.status != http.StatusOK {
				code, status := fault.CredentialsMissing, http.StatusUnauthorized
				if path == "/nowhere" {
					code, status = fault.RouteNotFound, http.StatusNotFound
				}
				require.Equal(t, id, requireProblem(t, got, status, code, "").RequestID)
			}
		}
	}
}
