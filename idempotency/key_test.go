package idempotency

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

func TestParseKey(t *testing.T) {
	t.Parallel()

	for header, want := range map[string]string{
		"key_test_123":                        "key_test_123",
		"  8e03978e-40d5-43e8-bc93 \t":        "8e03978e-40d5-43e8-bc93",
		`"8e03978e-40d5-43e8-bc93"`:           "8e03978e-40d5-43e8-bc93",
		`"a \"b\" \\c"`:                       `a "b" \c`,
		`a"b`:                                 `a"b`,
		`a\b`:                                 `a\b`,
		`" "`:                                 " ",
		"a, b":                                "a, b",
		"!#~":                                 "!#~",
		strings.Repeat("k", 255):              strings.Repeat("k", 255),
		`"` + strings.Repeat(`\\`, 255) + `"`: strings.Repeat(`\`, 255),
	} {
		key, err := ParseKey([]string{header})
		require.NoError(t, err, header)
		require.Equal(t, want, key)
	}

	key, err := ParseKey(nil)
	require.NoError(t, err)
	require.Empty(t, key, "no header, no key")

	for _, header := range []string{
		"", "  ", `""`, `"`, `"abc`, `"abc"d`, `"a"b"`, `"a\b"`, `"a\`, `"a\"`, "é", "\xff", "a\tb", "a\x7f", "a\x00", "\"a\nb\"",
		strings.Repeat("k", 256), `"` + strings.Repeat("k", 256) + `"`,
	} {
		_, err := ParseKey([]string{header})
		require.Equal(t, fault.InvalidIdempotency, fault.CodeOf(err), "%q", header)
		require.Equal(t, "Idempotency-Key", fault.From(err).Param)
	}
	_, err = ParseKey([]string{"a", "a"})
	require.Equal(t, fault.InvalidIdempotency, fault.CodeOf(err), "given twice")
}

func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"a", `"a"`, `"a\"b"`, `"\\`, " ", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		key, err := ParseKey([]string{header})
		if err != nil {
			require.Equal(t, fault.InvalidIdempotency, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, key)
		require.LessOrEqual(t, len(key), MaxKeyLength)
		// Written as a quoted string, it is the same key.
		again, err := ParseKey([]string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`})
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}
