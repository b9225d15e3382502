package merchants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the kinds of picture
	_ "image/png"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
)

// The bounds of how a merchant may want to look.
const (
	// MaxDisplayName is in characters.
	MaxDisplayName = 60
	// MaxLogo is in bytes.
	MaxLogo = 64 << 10
	// maxLogoSide is in pixels: a small file can hold a picture that takes gigabytes to unpack.
	maxLogoSide = 1024
)

// Branding is how a merchant's payment page looks.
type Branding struct {
	// Name is the merchant's own.
	Name string
	// DisplayName is shown to customers instead, when it is not empty.
	DisplayName string
	// Accent colours the buttons, as #rrggbb in lower case; empty for the page's own colour.
	Accent string
	// LogoHash finds the picture by way of Logo; empty where there is none.
	LogoHash string
}

// Shown is the name that customers see.
func (b *Branding) Shown() string {
	if b.DisplayName != "" {
		return b.DisplayName
	}
	return b.Name
}

// Branding is that of a merchant, or not_found.
func (s *Storefronts) Branding(ctx context.Context, merchantID uuid.UUID) (*Branding, error) {
	row, err := dbsqlc.New().CheckoutBrandingGet(ctx, s.DB, merchantID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no merchant with this id.")
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a merchant's branding: %w", err)
	}
	return &Branding{Name: row.Name, DisplayName: orEmpty(row.DisplayName), Accent: orEmpty(row.Accent), LogoHash: orEmpty(row.LogoHash)}, nil
}

var accentPattern = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// SetBranding sets the name for customers and the colour; empty takes them back. It fails with invalid_value.
func (s *Storefronts) SetBranding(ctx context.Context, merchantID uuid.UUID, displayName, accent string) error {
	name := strings.TrimSpace(displayName)
	accent = strings.ToLower(accent)
	if utf8.RuneCountInString(name) > MaxDisplayName || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.On(fault.InvalidValue, "display_name", "A name for customers is one line of at most %d characters.", MaxDisplayName)
	}
	if accent != "" && !accentPattern.MatchString(accent) {
		return fault.On(fault.InvalidValue, "accent", "accent must be a colour such as #1f6feb.")
	}
	if err := dbsqlc.New().CheckoutBrandingSet(ctx, s.DB, &dbsqlc.CheckoutBrandingSetParams{
		MerchantID: merchantID, DisplayName: orNil(name), Accent: orNil(accent), Now: s.Now(),
	}); err != nil {
		return fmt.Errorf("error storing a merchant's branding: %w", err)
	}
	return nil
}

// SetLogo sets the picture, a PNG or JPEG file within the bounds; nil takes it away. It fails with invalid_value.
func (s *Storefronts) SetLogo(ctx context.Context, merchantID uuid.UUID, file []byte) error {
	params := &dbsqlc.CheckoutLogoSetParams{MerchantID: merchantID, Now: s.Now()}
	if file != nil {
		kind, err := checkLogo(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(file)
		params.Logo, params.LogoType, params.LogoHash = file, &kind, new(hex.EncodeToString(sum[:]))
	}
	if err := dbsqlc.New().CheckoutLogoSet(ctx, s.DB, params); err != nil {
		return fmt.Errorf("error storing a logo: %w", err)
	}
	return nil
}

// checkLogo tells the media type of a picture that can be shown. What is no picture all through could be served from our origin as
// something else.
func checkLogo(file []byte) (mediaType string, err error) {
	if len(file) > MaxLogo {
		return "", fault.On(fault.InvalidValue, "logo", "A logo has at most %d KiB.", MaxLogo>>10)
	}
	header, kind, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || kind != "png" && kind != "jpeg" { // another package of the program may make others known
		return "", fault.On(fault.InvalidValue, "logo", "A logo is a PNG or JPEG file.")
	}
	if header.Width > maxLogoSide || header.Height > maxLogoSide {
		return "", fault.On(fault.InvalidValue, "logo", "A logo has at most %d × %d pixels.", maxLogoSide, maxLogoSide)
	}
	if _, _, err := image.Decode(bytes.NewReader(file)); err != nil {
		return "", fault.On(fault.InvalidValue, "logo", "This file is damaged: it ends, or goes wrong, before the picture is complete.")
	}
	return "image/" + kind, nil
}

var logoHashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Logo is the picture of a hash with its media type; it fails with not_found. Whoever knows the hash may see it: it
// stands in every payment page of the merchant.
func (s *Storefronts) Logo(ctx context.Context, hash string) (file []byte, mediaType string, err error) {
	missing := fault.New(fault.NotFound, "There is no such picture.")
	if !logoHashPattern.MatchString(hash) {
		return nil, "", missing
	}
	row, err := dbsqlc.New().CheckoutLogoGet(ctx, s.DB, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, "", missing
	}
	if err != nil {
		return nil, "", fmt.Errorf("error reading a logo: %w", err)
	}
	return row.Logo, orEmpty(row.LogoType), nil
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
