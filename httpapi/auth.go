package httpapi

import (
	"context"
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
	caller, given, err := s.credentials(ctx, c)
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

func (s *server) credentials(ctx context.Context, c *gin.Context) (caller merchants.Caller, given bool, err error) {
	if header := c.GetHeader("Authorization"); header != "" {
		caller, err = s.authorization(ctx, c, header)
		return caller, true, err
	}
	key, secret := c.GetHeader(headerKey), c.GetHeader(headerSecret)
	switch {
	case key != "" && secret != "":
		caller, err = s.Keys.ByPair(ctx, key, secret)
	case secret != "":
		caller, err = s.Keys.BySecret(ctx, secret)
	case key != "":
		caller, err = s.Keys.ByPublishable(ctx, key)
	default:
		return merchants.Caller{}, false, nil
	}
	return caller, true, err
}

func (s *server) authorization(ctx context.Context, c *gin.Context, header string) (merchants.Caller, error) {
	if key, secret, ok := c.Request.BasicAuth(); ok {
		if secret == "" {
			return s.Keys.ByPublishable(ctx, key)
		}
		return s.Keys.ByPair(ctx, key, secret)
	}
	if scheme, secret, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(secret) != "" {
		return s.Keys.BySecret(ctx, strings.TrimSpace(secret))
	}
	return merchants.Caller{}, fault.On(fault.CredentialsInvalid, "Authorization",
		"The Authorization header must be `Bearer <secret key>`, or Basic with the key and its secret.")
}
