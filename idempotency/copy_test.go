package idempotency

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func installation(tb testing.TB, key string) *Fingerprinter {
	tb.Helper()
	f, err := newFingerprinter([]byte(key))
	require.NoError(tb, err)
	return f
}

func TestCopy_OpensForTheSameRequest(t *testing.T) {
	t.Parallel()

	f, merchant := installation(t, "one"), uuid.New()
	fingerprint := f.Sum("/payments", []byte(`{"amount":1}`))
	place := f.Copy(merchant, "POST /payments", "k")
	for _, answer := range []Response{
		{Status: 201, Body: []byte(`{"id":"pay_1"}`)},
		{Status: 404, Body: []byte(`{}`)},
		{Status: 202, Body: bytes.Repeat([]byte("x"), 100_000)},
		{Status: 204, Body: []byte{}},
	} {
		sealed := place.Seal(fingerprint, answer)
		require.NotEqual(t, sealed, place.Seal(fingerprint, answer), "a nonce of its own")
		opened, ok := f.Copy(merchant, "POST /payments", "k").Open(sealed, fingerprint)
		require.True(t, ok)
		answer.Replayed = true
		require.Equal(t, answer, opened)
	}
}

func TestCopy_OpensForNothingElse(t *testing.T) {
	t.Parallel()

	f, merchant := installation(t, "one"), uuid.New()
	fingerprint := f.Sum("/payments", []byte(`{"amount":1}`))
	place := f.Copy(merchant, "POST /payments", "k")
	sealed := place.Seal(fingerprint, Response{Status: 201, Body: []byte(`{"id":"pay_1"}`)})

	_, ok := place.Open(sealed, f.Sum("/payments", []byte(`{"amount":2}`)))
	require.False(t, ok, "another body")
	for name, other := range map[string]*Copy{
		"merchant":     f.Copy(uuid.New(), "POST /payments", "k"),
		"route":        f.Copy(merchant, "POST /refunds", "k"),
		"key":          f.Copy(merchant, "POST /payments", "K"),
		"border":       f.Copy(merchant, "POST /payment", "s\x00k"),
		"installation": installation(t, "two").Copy(merchant, "POST /payments", "k"),
	} {
		_, ok := other.Open(sealed, fingerprint)
		require.False(t, ok, "another %s", name)
		require.NotEqual(t, place.Name(), other.Name(), "another %s", name)
	}
	for i := range sealed {
		for _, flip := range []byte{1, 0x80} {
			forged := bytes.Clone(sealed)
			forged[i] ^= flip
			_, ok := place.Open(forged, fingerprint)
			require.False(t, ok, "byte %d changed", i)
		}
		_, ok := place.Open(sealed[:i], fingerprint)
		require.False(t, ok, "cut at %d", i)
	}
	_, ok = place.Open(append(bytes.Clone(sealed), 0), fingerprint)
	require.False(t, ok, "longer")
	_, ok = place.Open(nil, fingerprint)
	require.False(t, ok, "nothing")
}

func TestCopy_GivesNothingAway(t *testing.T) {
	t.Parallel()

	f, merchant := installation(t, "one"), uuid.New()
	place := f.Copy(merchant, "POST /webhook_endpoints", "the-key")
	require.Regexp(t, `^[A-Za-z0-9_-]{22}$`, place.Name())
	sealed := string(place.Seal([sha256.Size]byte{}, Response{Status: 201, Body: []byte(`{"secret":"whsec_x"}`)}))
	for _, word := range []string{"whsec_x", "secret", "the-key", merchant.String(), string(merchant[:])} {
		require.False(t, strings.Contains(sealed, word) || strings.Contains(place.Name(), word), word)
	}
}

func TestCopy_SealsOnlyWhatIsRemembered(t *testing.T) {
	t.Parallel()

	place := installation(t, "one").Copy(uuid.New(), "POST /payments", "k")
	for _, status := range []int{400, 500, 503} {
		require.Nil(t, place.Seal([sha256.Size]byte{}, Response{Status: status, Body: []byte("{}")}), "%d", status)
	}
}

func FuzzCopy_Open(f *testing.F) {
	place := installation(f, "one").Copy(uuid.Nil, "POST /payments", "k")
	f.Add([]byte{})
	f.Add(place.Seal([sha256.Size]byte{1}, Response{Status: 201, Body: []byte("{}")}))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		_, ok := place.Open(sealed, [sha256.Size]byte{}) // nothing was ever sealed for this one
		require.False(t, ok)
	})
}

func BenchmarkCopy(b *testing.B) {
	f, merchant := installation(b, "one"), uuid.New()
	answer := Response{Status: 201, Body: bytes.Repeat([]byte("x"), 700)}
	for b.Loop() {
		f.Copy(merchant, "POST /api/v1/payments", "2b1f1f6e-0b8a-4a0e-9b6b-1f0c7d6c5b4a").Seal([sha256.Size]byte{}, answer)
	}
}
