package keyring_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/keyring"
)

const (
	material1 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" // 0123456789abcdef twice
	material2 = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=" // and backwards
)

// What the development key once made of opened1 at place; later releases have to open it.
const (
	sealed1 = "AQtkZXZlbG9wbWVudCAUiNNNjnh98SANSNzxXMQEKaDmTaqTVpS2XdvkoZv2nUZfyX4sy03qCoCIh+4ASEml9ID/uQKlf4f8+3BGflj7Lw=="
	opened1 = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var place = []byte("webhook_endpoints/we_1")

func parse(t *testing.T, text string) *keyring.Keyring {
	t.Helper()

	ring, err := keyring.Parse(text)
	require.NoError(t, err)
	return ring
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()

	ring := parse(t, "k1:"+material1)
	for name, plaintext := range map[string]string{
		"Secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"Empty":  "",
		"Long":   strings.Repeat("x", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sealed := ring.Seal([]byte(plaintext), place)
			require.LessOrEqual(t, len(sealed), len(plaintext)+62)
			require.NotEqual(t, sealed, ring.Seal([]byte(plaintext), place))
			require.False(t, ring.NeedsReseal(sealed))
			if plaintext != "" {
				require.False(t, bytes.Contains(sealed, []byte(plaintext)))
			}
			opened, err := ring.Open(sealed, place)
			require.NoError(t, err)
			require.Equal(t, plaintext, string(opened))
		})
	}
}

func TestOpenOtherPlace(t *testing.T) {
	t.Parallel()

	ring := parse(t, "k1:"+material1)
	sealed := ring.Seal([]byte("secret"), place)
	for _, aad := range []string{"", "webhook_endpoints/we_2", "k1webhook_endpoints/we_1", "webhook_endpoints/we_"} {
		_, err := ring.Open(sealed, []byte(aad))
		require.ErrorIs(t, err, keyring.ErrNotAuthentic)
	}
}

func TestOpenChangedText(t *testing.T) {
	t.Parallel()

	ring := parse(t, "k1:"+material1+",k2:"+material1)
	sealed := ring.Seal([]byte("secret"), place)
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			_, err := ring.Open(changed, place)
			require.Error(t, err, "bit %d of byte %d", bit, i)
		}
		_, err := ring.Open(sealed[:i], place)
		require.Error(t, err, "cut off after %d bytes", i)
	}
	_, err := ring.Open(append(bytes.Clone(sealed), 0), place)
	require.ErrorIs(t, err, keyring.ErrNotAuthentic)

	// The id is authenticated, even where both ids have the same key.
	renamed := bytes.Clone(sealed)
	renamed[3] = '2'
	_, err = ring.Open(renamed, place)
	require.ErrorIs(t, err, keyring.ErrNotAuthentic)
}

func TestOpenMalformed(t *testing.T) {
	t.Parallel()

	ring := parse(t, "k1:"+material1)
	for _, text := range []string{"", "\x01", "\x01\x00", "\x01\x02k", "\x01\x02K1", "\x01\xff", "\x00\x02k1", "\x02\x02k1", "\x01\x02k1", "\x01\x02k1short", "whsec_plain"} {
		_, err := ring.Open([]byte(text), place)
		require.ErrorIs(t, err, keyring.ErrMalformed, "%q", text)
	}
	require.True(t, ring.NeedsReseal([]byte("whsec_plain")))
}

func TestRotation(t *testing.T) {
	t.Parallel()

	before := parse(t, "k1:"+material1)
	during := parse(t, " k2:"+material2+" ,\n k1:"+material1)
	after := parse(t, "k2:"+material2)

	sealed := before.Seal([]byte("secret"), place)
	require.True(t, during.NeedsReseal(sealed))
	opened, err := during.Open(sealed, place)
	require.NoError(t, err)
	require.Equal(t, []byte("secret"), opened)

	resealed, err := during.Reseal(sealed, place)
	require.NoError(t, err)
	require.False(t, during.NeedsReseal(resealed))
	opened, err = after.Open(resealed, place)
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened))
	nothing, err := during.Reseal(resealed, place)
	require.NoError(t, err)
	require.Nil(t, nothing)
	_, err = after.Reseal(sealed, place)
	require.ErrorAs(t, err, new(*keyring.UnknownKeyError))

	_, err = after.Open(sealed, place)
	var unknown *keyring.UnknownKeyError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, "k1", unknown.ID)

	_, err = parse(t, "k1:"+material2).Open(sealed, place)
	require.ErrorIs(t, err, keyring.ErrNotAuthentic)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()

	short := base64.StdEncoding.EncodeToString(make([]byte, 16))
	for name, test := range map[string]struct{ text, message string }{
		"Empty":        {"", "key 1 is empty"},
		"Trailing":     {"k1:" + material1 + ",", "key 2 is empty"},
		"NoID":         {material1, "key 1 has no id; keys are written id:base64"},
		"EmptyID":      {":" + material1, "key 1: its id must be 1 to 32 of a-z, 0-9, _ and -"},
		"UpperCase":    {"K1:" + material1, "key 1: its id must be"},
		"LongID":       {strings.Repeat("k", 33) + ":" + material1, "key 1: its id must be"},
		"LineInID":     {"k1\n:" + material1, "key 1: its id must be"},
		"Swapped":      {material1 + ":k1", "key 1: its id must be"},
		"Duplicate":    {"k1:" + material1 + ",k1:" + material2, "key 2: its id k1 is another key's already"},
		"NotBase64":    {"k1:" + strings.Repeat("!", 44), "key 1 (k1) is not standard base64"},
		"URLBase64":    {"k1:" + strings.Repeat("-", 43) + "=", "key 1 (k1) is not standard base64"},
		"Unpadded":     {"k1:" + strings.TrimSuffix(material1, "="), "key 1 (k1) is not standard base64"},
		"SpaceWithin":  {"k1: " + material1, "key 1 (k1) is not standard base64"},
		"LineWithin":   {"k1:" + material1[:20] + "\n" + material1[20:], "key 1 (k1) is not standard base64"},
		"SecondColon":  {"k1:v1:" + material1, "key 1 (k1) is not standard base64"},
		"SecondIsAES1": {"k1:" + material1 + ",k2:" + short, "key 2 (k2) has 16 bytes, not 32; `openssl rand -base64 32` prints a key"},
		"NoMaterial":   {"k1:", "key 1 (k1) has 0 bytes, not 32"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := keyring.Parse(test.text)
			require.ErrorContains(t, err, test.message)
			for _, piece := range []string{material1[:8], material2[:8], "!!!", "AAA"} {
				require.NotContains(t, err.Error(), piece)
			}
		})
	}
}

func TestDevelopment(t *testing.T) {
	t.Parallel()

	ring := keyring.Development()
	require.True(t, ring.IsDevelopment())
	require.False(t, parse(t, "development:"+material1).IsDevelopment())

	sealed, err := base64.StdEncoding.DecodeString(sealed1)
	require.NoError(t, err)
	opened, err := ring.Open(sealed, place)
	require.NoError(t, err)
	require.Equal(t, opened1, string(opened))
}

func TestKeyringIsNeverPrinted(t *testing.T) {
	t.Parallel()

	ring := parse(t, "k2:"+material2+",k1:"+material1)
	require.Equal(t, "keyring(k2,k1)", ring.String())

	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("keyring", ring), slog.Any("config", struct{ Keys *keyring.Keyring }{ring}))
	text := log.String()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		require.Equal(t, "keyring(k2,k1)", fmt.Sprintf(format, ring))
		text += fmt.Sprintf(format, struct{ Keys *keyring.Keyring }{ring})
	}
	for _, piece := range []string{material1[:8], material2[:8], "0123456789abcdef", "fedcba9876543210", "48 49 50 51"} {
		require.NotContains(t, text, piece)
	}
}

// FuzzOpen: no input panics, and none opens but what was sealed, where it was sealed.
func FuzzOpen(f *testing.F) {
	ring := keyring.Development()
	sealed, err := base64.StdEncoding.DecodeString(sealed1)
	require.NoError(f, err)
	f.Add(sealed, place)
	f.Add(sealed, []byte("elsewhere"))
	f.Add(sealed[:20], place)
	f.Add([]byte("\x01\x0bdevelopment"), []byte{})
	f.Fuzz(func(t *testing.T, text, aad []byte) {
		opened, err := ring.Open(text, aad)
		if bytes.Equal(text, sealed) && bytes.Equal(aad, place) {
			require.NoError(t, err)
			require.Equal(t, opened1, string(opened))
			return
		}
		require.Error(t, err)
		require.Nil(t, opened)
		ring.NeedsReseal(text)
	})
}

// FuzzParse: any text is a keyring that seals and opens, or an error.
func FuzzParse(f *testing.F) {
	f.Add("k1:" + material1 + ",k2:" + material2)
	f.Add("k1:,")
	f.Add(",:,:")
	f.Fuzz(func(t *testing.T, text string) {
		ring, err := keyring.Parse(text)
		if err != nil {
			return
		}
		opened, err := ring.Open(ring.Seal([]byte(text), place), place)
		require.NoError(t, err)
		require.Equal(t, text, string(opened))
	})
}
