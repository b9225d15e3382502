package dashboard_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"paygate/dashboard"
)

// read is a GET that answers JSON.
func read[T any](t *testing.T, b *testBundle, who *http.Cookie, path string) (into T) {
	t.Helper()
	answer := b.do(t, who, http.MethodGet, path, "")
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", text)
	require.NoError(t, json.Unmarshal(text, &into))
	return into
}

type settings struct {
	RateLimit        *string `json:"rate_limit"`
	RateLimitDefault string  `json:"rate_limit_default"`
	Branding         struct {
		DisplayName *string `json:"display_name"`
		Accent      *string `json:"accent"`
		Logo        *string `json:"logo"`
	} `json:"branding"`
	CheckoutOrigins []string `json:"checkout_origins"`
}

type auditLine struct {
	ID     int64  `json:"id"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Target string `json:"target"`
}

func TestRateLimit(t *testing.T) {
	t.Parallel()

	b := setup(t) // whose installation allows 100/s
	owner, operator := b.person(t, b.merchant, dashboard.RoleOwner, false), b.person(t, b.merchant, dashboard.RoleOwner, true)
	set := func(who *http.Cookie, limit string) int {
		return b.status(t, who, http.MethodPut, "/data/settings/rate_limit", `{"rate_limit":`+limit+`}`)
	}
	for limit, status := range map[string]int{
		`"100/s"`: 204, `"1/s"`: 204, `"100/m"`: 204, `"6/h"`: 204, `null`: 204,
		`"101/s"`: 403, `"6000/m"`: 403, `"0"`: 403, `"100"`: 400, `"-1/s"`: 400, `5`: 400, `"1/d"`: 400,
	} {
		require.Equal(t, status, set(owner, limit), limit)
	}
	require.Equal(t, http.StatusNoContent, set(operator, `"6000/m"`))
	now := read[settings](t, b, owner, "/data/settings")
	require.Equal(t, "6000/m", *now.RateLimit)
	require.Equal(t, "100/s", now.RateLimitDefault)
	require.Equal(t, http.StatusNoContent, set(owner, `null`))
	require.Nil(t, read[settings](t, b, owner, "/data/settings").RateLimit)
}

func TestBrandingSettings(t *testing.T) {
	t.Parallel()

	b := setup(t)
	developer := b.person(t, b.merchant, dashboard.RoleDeveloper, false)
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 4, 4))))
	put := func(body, mediaType string) int {
		return b.status(t, developer, http.MethodPut, "/data/settings/logo", body, "Content-Type", mediaType)
	}
	require.Equal(t, http.StatusNotFound, b.status(t, developer, http.MethodGet, "/data/settings/logo", ""))
	require.Equal(t, http.StatusUnsupportedMediaType, put(file.String(), "text/plain"), "a form of another site may send that")
	require.Equal(t, http.StatusBadRequest, put("<svg/>", "image/png"))
	require.Equal(t, http.StatusRequestEntityTooLarge, put(string(make([]byte, 65<<10)), "image/png"))
	require.Equal(t, http.StatusNoContent, put(file.String(), "image/png"))
	require.Equal(t, http.StatusNoContent, b.status(t, developer, http.MethodPut, "/data/settings/branding", `{"display_name":"Asha","accent":"#AABBCC"}`))

	now := read[settings](t, b, developer, "/data/settings").Branding
	require.Equal(t, "Asha", *now.DisplayName)
	require.Equal(t, "#aabbcc", *now.Accent)
	answer := b.do(t, developer, http.MethodGet, "/"+*now.Logo, "")
	require.Equal(t, "image/png", answer.Header.Get("Content-Type"))
	require.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'")
	served, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, file.Bytes(), served)
	require.Equal(t, http.StatusNoContent, b.status(t, developer, http.MethodDelete, "/data/settings/logo", ""))
	require.Nil(t, read[settings](t, b, developer, "/data/settings").Branding.Logo)

	require.Equal(t, http.StatusBadRequest, b.status(t, developer, http.MethodPost, "/data/settings/origins", `{"origin":"shop.example"}`))
	require.Equal(t, http.StatusNoContent, b.status(t, developer, http.MethodPost, "/data/settings/origins", `{"origin":"https://Shop.example/"}`))
	require.Equal(t, []string{"https://shop.example"}, read[settings](t, b, developer, "/data/settings").CheckoutOrigins)
	require.Equal(t, http.StatusNoContent, b.status(t, developer, http.MethodPost, "/data/settings/origins/remove", `{"origin":"https://shop.example"}`))
	require.Equal(t, http.StatusNotFound, b.status(t, developer, http.MethodPost, "/data/settings/origins/remove", `{"origin":"https://shop.example"}`))
}

func TestAudit(t *testing.T) {
	t.Parallel()

	b := setup(t)
	owner := b.person(t, b.merchant, dashboard.RoleOwner, false)
	of := b.holdings(t, b.merchant)
	for _, call := range [][2]string{
		{"/data/endpoints/" + of["endpoint"] + "/reveal", ""},
		{"/data/endpoints/" + of["endpoint"] + "/rotate", `{"overlap_hours":1}`},
		{"/data/keys/" + of["key"] + "/rotate", `{"overlap_hours":0}`},
		{"/data/checkout_secret/reveal", ""},
		{"/api/v1/webhook_endpoints/" + of["endpoint"] + "/enable", "{}"},
		{"/api/v1/payments/pay_absent/cancel", "{}"}, // refused, and so no change
	} {
		b.status(t, owner, http.MethodPost, call[0], call[1])
	}
	lines := read[[]auditLine](t, b, owner, "/data/audit")
	noted := func(action, target string) bool {
		for _, line := range lines {
			if line.Action == action && line.Target == target {
				require.NotEmpty(t, line.Actor)
				return true
			}
		}
		return false
	}
	require.True(t, noted("secret_revealed", of["endpoint"]))
	require.True(t, noted("secret_rotated", of["endpoint"]))
	require.True(t, noted("secret_revealed", "checkout"))
	require.True(t, noted("api_called", "POST /api/v1/webhook_endpoints/"+of["endpoint"]+"/enable"))
	require.False(t, noted("api_called", "POST /api/v1/payments/pay_absent/cancel"))
	require.Equal(t, "key_rotated", lines[2].Action, "newest first")
	for _, line := range lines {
		require.NotRegexp(t, `whsec_|secret_[0-9a-f]{8}`, line.Target, "a log of secrets holds none")
	}
	older := read[[]auditLine](t, b, owner, "/data/audit?before="+"1")
	require.Empty(t, older)
	require.Equal(t, http.StatusBadRequest, b.status(t, owner, http.MethodGet, "/data/audit?before=x", ""))
}

func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()

	b := setup(t)
	statuses := make([]int, 30)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = b.status(t, nil, http.MethodPost, "/session", `{"email":"nobody@example.com","password":"guess"}`)
		})
	}
	all.Wait()
	tried := 0
	for _, status := range statuses {
		if status == http.StatusUnauthorized {
			tried++
		}
	}
	require.Equal(t, 10, tried, "many at once are no more than the bound allows: %v", statuses)
}

func TestRightPasswordsAreForgiven(t *testing.T) {
	t.Parallel()

	b := setup(t)
	email := "asha@example.com"
	require.NoError(t, dashboard.CreateUser(t.Context(), b.pool, dashboard.NewUser{MerchantID: b.merchant, Email: email, Role: dashboard.RoleViewer, Password: password}, time.Now()))
	for range 25 { // more than would be let through if they counted
		require.Equal(t, http.StatusNoContent, b.status(t, nil, http.MethodPost, "/session", `{"email":"`+email+`","password":"`+password+`"}`))
	}
}

func TestAdminister(t *testing.T) {
	t.Parallel()

	b := setup(t)
	ctx := context.WithoutCancel(t.Context())
	email := "Asha@Example.com"
	require.NoError(t, dashboard.CreateUser(ctx, b.pool, dashboard.NewUser{MerchantID: b.merchant, Email: email, Role: dashboard.RoleOwner, Password: password}, time.Now()))
	signIn := func(password string) *http.Response {
		return b.do(t, nil, http.MethodPost, "/session", `{"email":"`+email+`","password":"`+password+`"}`)
	}
	cookie := signIn(password).Cookies()[0]
	require.Error(t, dashboard.ResetPassword(ctx, b.pool, email, "short", "test", time.Now()))
	require.Error(t, dashboard.ResetPassword(ctx, b.pool, "nobody@example.com", "another long one", "test", time.Now()))
	require.NoError(t, dashboard.ResetPassword(ctx, b.pool, email, "another long one", "test", time.Now()))
	require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""), "their sessions end")
	require.Equal(t, http.StatusUnauthorized, signIn(password).StatusCode)
	cookie = signIn("another long one").Cookies()[0]
	lines := read[[]auditLine](t, b, cookie, "/data/audit")
	require.Equal(t, "signed_in", lines[0].Action)
	require.Equal(t, "sign_in_failed", lines[1].Action)
	require.Equal(t, auditLine{lines[2].ID, "test", "password_reset", "asha@example.com"}, lines[2])

	require.NoError(t, dashboard.RemoveUser(ctx, b.pool, email, "test", time.Now()))
	require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""))
	require.Error(t, dashboard.RemoveUser(ctx, b.pool, email, "test", time.Now()))
}
