package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
)

// openRoutes need no credentials. All other routes do, and a new one does unless it is added here.
var openRoutes = map[string]bool{"GET /health": true, "GET /health/ready": true, "GET /openapi.yaml": true}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestAccess(t *testing.T) {
	t.Parallel()

	closed := newAPI(t, setup{})
	sandbox := newAPI(t, setup{sandbox: true})

	for name, a := range map[string]*api{"Closed": closed, "SandboxOpen": sandbox} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			revoked, expired := a.newCaller(t), a.newCaller(t)
			_, err := a.pool.Exec(t.Context(), "UPDATE api_keys SET revoked_at = now() WHERE id = $1", revoked.key)
			require.NoError(t, err)
			_, err = a.pool.Exec(t.Context(), "UPDATE api_keys SET expires_at = now() WHERE id = $1", expired.key)
			require.NoError(t, err)
			shop, other := a.shop, a.other

			wrong := map[string][]string{
				"WrongSecret":           {"Authorization", "Bearer secret_test_wrong"},
				"KeyForSecret":          {"Authorization", "Bearer " + shop.key},
				"BearerEmpty":           {"Authorization", "Bearer "},
				"BearerBlank":           {"Authorization", "Bearer \t "},
				"SecretAlone":           {"Authorization", shop.secret},
				"OtherScheme":           {"Authorization", "Token " + shop.secret},
				"RevokedSecret":         {"Authorization", "Bearer " + revoked.secret},
				"ExpiredSecret":         {"Authorization", "Bearer " + expired.secret},
				"SecretWithMore":        {"Authorization", "Bearer " + shop.secret + "0"},
				"SecretUpper":           {"Authorization", "Bearer " + strings.ToUpper(shop.secret)},
				"BasicWrongSecret":      {"Authorization", basic(shop.key, "wrong")},
				"BasicOthersSecret":     {"Authorization", basic(shop.key, other.secret)},
				"BasicWrongKey":         {"Authorization", basic("key_test_wrong", shop.secret)},
				"BasicWrongKeyAlone":    {"Authorization", basic("key_test_wrong", "")},
				"BasicRevoked":          {"Authorization", basic(revoked.key, revoked.secret)},
				"BasicExpired":          {"Authorization", basic(expired.key, expired.secret)},
				"BasicNUL":              {"Authorization", basic("key\x00", shop.secret)},
				"BasicNotUTF8":          {"Authorization", basic("key\xff", "")},
				"BasicNotBase64":        {"Authorization", "Basic %%%"},
				"HeadersWrongSecret":    {"X-Api-Key", shop.key, "X-Api-Secret", "wrong"},
				"HeadersOthersSecret":   {"X-Api-Key", shop.key, "X-Api-Secret", other.secret},
				"HeadersWrongKey":       {"X-Api-Key", "key_test_wrong", "X-Api-Secret", shop.secret},
				"HeadersWrongKeyAlone":  {"X-Api-Key", "key_test_wrong"},
				"HeadersSecretForKey":   {"X-Api-Key", shop.secret},
				"HeadersWrongAlone":     {"X-Api-Secret", "wrong"},
				"HeadersNotUTF8":        {"X-Api-Key", "key\xff", "X-Api-Secret", shop.secret},
				"HeadersRevoked":        {"X-Api-Key", revoked.key, "X-Api-Secret", revoked.secret},
				"HeadersExpired":        {"X-Api-Key", expired.key, "X-Api-Secret", expired.secret},
				"RevokedKeyAlone":       {"X-Api-Key", revoked.key},
				"ExpiredKeyAlone":       {"X-Api-Key", expired.key},
				"WrongBesideRight":      {"Authorization", "Bearer wrong", "X-Api-Key", shop.key, "X-Api-Secret", shop.secret},
				"OtherMerchantsPairing": {"X-Api-Key", other.key, "X-Api-Secret", shop.secret},
			}
			publishable := map[string][]string{
				"Headers": {"X-Api-Key", shop.key},
				"Basic":   {"Authorization", basic(shop.key, "")},
			}
			right := map[string][]string{
				"Bearer":      {"Authorization", "Bearer " + shop.secret},
				"BearerLower": {"Authorization", "bearer " + shop.secret},
				"Basic":       {"Authorization", basic(shop.key, shop.secret)},
				"Headers":     {"X-Api-Key", shop.key, "X-Api-Secret", shop.secret},
				"SecretAlone": {"X-Api-Secret", shop.secret},
			}

			for _, route := range a.routes {
				method, path, _ := strings.Cut(route, " ")
				path = strings.Replace(path, ":id", "nothing", 1)
				send := func(t *testing.T, header []string) answer {
					t.Helper()
					return a.send(t, method, path, "", header...)
				}
				t.Run(strings.ReplaceAll(route, "/", "|"), func(t *testing.T) {
					t.Parallel()

					if openRoutes[route] {
						require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, send(t, nil).status)
						return
					}
					none := send(t, nil)
					if a == sandbox {
						require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, none.status)
					} else {
						requireProblem(t, none, http.StatusUnauthorized, fault.CredentialsMissing, "")
						require.Equal(t, `Bearer realm="paygate"`, none.header.Get("WWW-Authenticate"))
					}
					for name, header := range wrong {
						got := send(t, header)
						require.Equal(t, http.StatusUnauthorized, got.status, name)
						param := ""
						if strings.Contains("BearerEmpty BearerBlank SecretAlone OtherScheme BasicNotBase64", name) {
							param = "Authorization"
						}
						requireProblem(t, got, http.StatusUnauthorized, fault.CredentialsInvalid, param)
						require.Equal(t, `Bearer realm="paygate"`, got.header.Get("WWW-Authenticate"))
					}
					for _, header := range publishable {
						requireProblem(t, send(t, header), http.StatusForbidden, fault.Forbidden, "")
					}
					for name, header := range right {
						require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, send(t, header).status, name)
					}
				})
			}
		})
	}
}

// TestAccess_SandboxSpeaksForOne shows whose records a request without credentials sees.
func TestAccess_SandboxSpeaksForOne(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{sandbox: true})
	mine := as[payments.Payment](t, a.send(t, http.MethodPost, "/api/v1/payments", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
	require.Equal(t, http.StatusOK, a.shop.get(t, "/api/v1/payments/"+mine.ID).status)
	others := a.other.pay(t, `{"amount":50000,"currency":"INR"}`)
	path := "/api/v1/payments/" + others.ID
	requireProblem(t, a.send(t, http.MethodGet, path, ""), http.StatusNotFound, fault.NotFound, "")
	require.Equal(t, http.StatusOK, a.send(t, http.MethodGet, path, "", "X-Api-Key", a.other.key, "X-Api-Secret", a.other.secret).status)
}

// TestAccess_BeforeAllElse: who may not come in learns nothing about a request's faults or about records.
func TestAccess_BeforeAllElse(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{})
	payment := a.shop.pay(t, `{"amount":50000,"currency":"INR"}`)
	wrong := []string{"Authorization", "Bearer " + uuid.NewString()}
	for _, path := range []string{"/api/v1/payments/" + payment.ID, "/api/v1/payments/pay_nope", "/api/v1/payments?limit=nope"} {
		requireProblem(t, a.send(t, http.MethodGet, path, "", wrong...), http.StatusUnauthorized, fault.CredentialsInvalid, "")
	}
	got := a.send(t, http.MethodPost, "/api/v1/payments", "not JSON", append(wrong, "Idempotency-Key", `"`)...)
	requireProblem(t, got, http.StatusUnauthorized, fault.CredentialsInvalid, "")
	require.NotContains(t, string(got.body), "secret_test")
}
