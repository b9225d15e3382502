package main

import (
	"encoding"
	"net/netip"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzSettings: any text is a value of each kind of setting or an error of it, and where a text may hold a secret, the error
// repeats none of it.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		"127.0.0.1:8000", ":0", "off", "0.95", "NaN", "10.0.0.0/8, fd00::/8", "0s,5s", "json", "a-key-with-a-long-name_01:x", "main:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"postgres://user:secret@host:5432/paygate?sslmode=verify-full", "host=a password=b", "rediss://user:secret@host:6379/0", "redis://host:x/0", "https://example.com/a", "/pay", "//pay", "/a..b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, secret := range []encoding.TextUnmarshaler{new(databaseURL), new(redisURL), new(encryptionKeys)} {
			if err := secret.UnmarshalText([]byte(text)); err != nil {
				for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("@/?&=, ", r) }) {
					_, word, _ = strings.Cut(word, ":") // what is before it is a scheme, a user or a key's id
					if len(word) > 20 {                 // shorter ones may be words of the error's own
						require.NotContains(t, err.Error(), word)
					}
				}
			}
		}
		for _, plain := range []encoding.TextUnmarshaler{new(address), new(optionalAddress), new(rate), new(prefixes), new(schedule), new(logFormat), new(webURL), new(pathPrefix)} {
			if plain.UnmarshalText([]byte(text)) != nil {
				continue
			}
			switch value := plain.(type) {
			case *rate:
				require.True(t, *value >= 0 && *value <= 1)
			case *prefixes:
				for _, prefix := range *value {
					require.True(t, prefix.IsValid())
					_, err := netip.ParsePrefix(prefix.String())
					require.NoError(t, err)
				}
			case *pathPrefix:
				if *value != "" { // what a browser and path.Join make of it is the same, and of this host
					require.Equal(t, path.Join("/", string(*value)), string(*value))
				}
			case *webURL:
				require.Regexp(t, `^(?i)https?://`, string(*value))
			}
		}
	})
}
