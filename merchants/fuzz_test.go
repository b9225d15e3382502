package merchants_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/merchants"
)

// FuzzParseOrigin: an origin is one that can stand in a policy (frame-ancestors) and is read as itself, or it is refused.
func FuzzParseOrigin(f *testing.F) {
	for _, seed := range []string{
		"https://shop.example", "HTTPS://Shop.Example:443/", "http://localhost:3000", "https://*.example", "https://a b", "https://shop.example; script-src *",
		"https://shop.example\\@evil.example", "https://[::1]", "null", "https://é.example", "https://shop.example:99999", "javascript://x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		origin, err := merchants.ParseOrigin(text)
		if err != nil {
			require.Equal(t, fault.InvalidValue, fault.CodeOf(err))
			return
		}
		require.Regexp(t, `^https?://[a-z0-9.-]+(:[0-9]*)?$`, origin)
		again, err := merchants.ParseOrigin(origin)
		require.NoError(t, err)
		require.Equal(t, origin, again)
		parsed, err := url.Parse(text)
		require.NoError(t, err)
		require.Nil(t, parsed.User)
	})
}
