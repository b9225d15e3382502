package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"paygate/fault"
	"paygate/merchants"
)

// access is what a route asks of its caller. The zero value is the strictest, so that a route that
// says nothing is closed.
type access int

const (
	// needsSecret: a merchant's secret key.
	needsSecret access = iota
	// needsKey: a secret key itself, and not whatever else Options.Authenticate takes for one. People get at
	// secrets by way of the dashboard, which keeps a log of it.
	needsKey
	// open: anybody.
	open
)

const (
	headerKey    = "X-Api-Key"
	headerSecret = "X-Api-Secret"
)

// authenticate finds out who calls: by Bearer or Basic authorization (RFC 6750, RFC 7617), or by
// X-Api-Key with X-Api-Secret. Credentials that are given must be right, also where none are needed.
func (s *server) authenticate(ctx context.Context, c *gin.Context) (merchants.Caller, error) {
	if s.Authenticate != nil {
		return s.Authenticate(c.Request)
	}
	caller, given, err := s.credentials(ctx, c.Request.Header)
	switch {
	case err != nil:
		return merchants.Caller{}, err
	case given && caller.Publishable:
		return merchants.Caller{}, fault.New(fault.Forbidden,
			"A publishable key alone may not do this. Send the secret key, from your server and never from a browser.")
	case given:
		return caller, nil
	case s.Sandbox != nil:
		return s.Keys.Sandbox(ctx, *s.Sandbox)
	default:
		return merchants.Caller{}, fault.New(fault.CredentialsMissing,
			"This needs credentials: send `Authorization: Bearer <secret key>`, or X-Api-Key with X-Api-Secret.")
	}
}

// credentials are what a request shows of itself.
type credentials struct {
	kind        credentialKind
	key, secret string
}

type credentialKind int

const (
	noCredentials credentialKind = iota
	secretAlone
	publishableAlone
	keyWithSecret
)

// readCredentials reads them from a request's headers. Authorization goes before the headers of our own. It fails with
// credentials_invalid.
func readCredentials(header http.Header) (credentials, error) {
	if authorization := header.Get("Authorization"); authorization != "" {
		if key, secret, ok := (&http.Request{Header: header}).BasicAuth(); ok {
			if secret == "" {
				return credentials{publishableAlone, key, ""}, nil
			}
			return credentials{keyWithSecret, key, secret}, nil
		}
		if scheme, secret, ok := strings.Cut(authorization, " "); ok && strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(secret) != "" {
			return credentials{secretAlone, "", strings.TrimSpace(secret)}, nil
		}
		return credentials{}, fault.On(fault.CredentialsInvalid, "Authorization",
			"The Authorization header must be `Bearer <secret key>`, or Basic with the key and its secret.")
	}
	switch key, secret := header.Get(headerKey), header.Get(headerSecret); {
	case key != "" && secret != "":
		return credentials{keyWithSecret, key, secret}, nil
	case secret != "":
		return credentials{secretAlone, "", secret}, nil
	case key != "":
		return credentials{publishableAlone, key, ""}, nil
	}
	return credentials{}, nil
}

// credentials finds the caller of what a request shows of itself; given is false when that is nothing.
func (s *server) credentials(ctx context.Context, header http.Header) (caller merchants.Caller, given bool, err error) {
	shown, err := readCredentials(header)
	if err != nil {
		return merchants.Caller{}, true, err
	}
	switch shown.kind {
	case noCredentials:
		return merchants.Caller{}, false, nil
	case secretAlone:
		caller, err = s.Keys.BySecret(ctx, shown.secret)
	case publishableAlone:
		caller, err = s.Keys.ByPublishable(ctx, shown.key)
	case keyWithSecret:
		caller, err = s.Keys.ByPair(ctx, shown.key, shown.secret)
	}
	return caller, true, err
}
