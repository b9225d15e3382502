package merchants_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/fault"
	"paygate/merchants"
)

func TestBranding(t *testing.T) {
	t.Parallel()

	pool, merchant := dbtest.Pool(t), uuid.New()
	require.NoError(t, dbsqlc.New().MerchantUpsert(t.Context(), pool, &dbsqlc.MerchantUpsertParams{ID: merchant, Name: "Shop", Email: "shop@example.com", CreatedAt: time.Now()}))
	fronts := &merchants.Storefronts{DB: pool, Now: time.Now}
	shown := func() merchants.Branding {
		brand, err := fronts.Branding(t.Context(), merchant)
		require.NoError(t, err)
		return *brand
	}
	require.Equal(t, merchants.Branding{Name: "Shop"}, shown())
	_, err := fronts.Branding(t.Context(), uuid.New())
	require.Equal(t, fault.NotFound, fault.CodeOf(err))

	picture := func(side int) (pngFile, jpegFile, gifFile []byte) {
		var p, j, g bytes.Buffer
		pixels := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black, color.White})
		require.NoError(t, png.Encode(&p, pixels))
		require.NoError(t, jpeg.Encode(&j, pixels, nil))
		require.NoError(t, gif.Encode(&g, pixels, nil))
		return p.Bytes(), j.Bytes(), g.Bytes()
	}
	pngFile, jpegFile, gifFile := picture(16)
	for mediaType, file := range map[string][]byte{"image/png": pngFile, "image/jpeg": jpegFile} {
		require.NoError(t, fronts.SetLogo(t.Context(), merchant, file))
		kept, kind, err := fronts.Logo(t.Context(), shown().LogoHash)
		require.NoError(t, err)
		require.Equal(t, file, kept)
		require.Equal(t, mediaType, kind)
	}
	require.NoError(t, fronts.SetBranding(t.Context(), merchant, "  Asha’s  ", "#1F6FEB"))
	now := shown()
	require.Equal(t, "Asha’s", now.Shown())
	require.Equal(t, "#1f6feb", now.Accent)
	require.NotEmpty(t, now.LogoHash, "the picture stays")

	huge, _, _ := picture(2000)
	require.Less(t, len(huge), merchants.MaxLogo, "a small file of many pixels")
	for name, file := range map[string][]byte{
		"another kind": gifFile, "markup": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "nothing": {}, "its beginning alone": pngFile[:len(pngFile)/2],
		"too many pixels": huge, "too many bytes": append(bytes.Clone(pngFile), make([]byte, merchants.MaxLogo)...),
	} {
		require.Equal(t, fault.InvalidValue, fault.CodeOf(fronts.SetLogo(t.Context(), merchant, file)), name)
	}
	for name, given := range map[string][2]string{
		"too long": {strings.Repeat("é", 61), ""}, "two lines": {"a\nb", ""}, "nul": {"a\x00", ""},
		"no colour": {"", "red"}, "short": {"", "#fff"}, "style": {"", "#ffffff;x"},
	} {
		require.Equal(t, fault.InvalidValue, fault.CodeOf(fronts.SetBranding(t.Context(), merchant, given[0], given[1])), name)
	}
	require.Equal(t, now, shown(), "what was refused changes nothing")

	require.NoError(t, fronts.SetLogo(t.Context(), merchant, nil))
	require.NoError(t, fronts.SetBranding(t.Context(), merchant, "", ""))
	require.Equal(t, merchants.Branding{Name: "Shop"}, shown())
}

func TestLastUse(t *testing.T) {
	t.Parallel()

	pool, merchant := dbtest.Pool(t), uuid.New()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	keys := &merchants.Keys{DB: pool, Now: func() time.Time { return now }}
	require.NoError(t, dbsqlc.New().MerchantUpsert(t.Context(), pool, &dbsqlc.MerchantUpsertParams{ID: merchant, Name: "Shop", Email: "shop@example.com", CreatedAt: now}))
	require.NoError(t, dbsqlc.New().APIKeyUpsert(t.Context(), pool, &dbsqlc.APIKeyUpsertParams{ID: "key", MerchantID: merchant, SecretHash: merchants.HashSecret("secret"), CreatedAt: now}))
	used := func() *time.Time {
		var at *time.Time
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT last_used_at FROM api_keys WHERE id = 'key'").Scan(&at))
		return at
	}
	_, err := keys.ByPair(t.Context(), "key", "wrong")
	require.Error(t, err)
	require.Nil(t, used(), "what was refused is no use")
	_, err = keys.BySecret(t.Context(), "secret")
	require.NoError(t, err)
	require.True(t, now.Equal(*used()))

	first := now
	now = now.Add(59 * time.Second)
	_, err = keys.ByPair(t.Context(), "key", "secret")
	require.NoError(t, err)
	require.True(t, first.Equal(*used()), "it is exact to a minute, so that a key in use costs no write for each request")
	now = now.Add(time.Second)
	_, err = keys.ByPublishable(t.Context(), "key")
	require.NoError(t, err)
	require.True(t, now.Equal(*used()))
}
