package merchants

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/keyring"
)

// Storefronts is what merchants decide about the payment page that their customers see: how it looks, who may
// frame it, and the secret that signs what it reports.
type Storefronts struct {
	DB      dbsqlc.DBTX
	Keyring *keyring.Keyring
	Now     func() time.Time
}

// checkoutSecretBytes is the length of a signing secret's random part.
const checkoutSecretBytes = 24

// In is the same within a transaction.
func (s *Storefronts) In(tx dbsqlc.DBTX) *Storefronts {
	in := *s
	in.DB = tx
	return &in
}

// Origins lists the web origins that may frame the payment page, sorted.
func (s *Storefronts) Origins(ctx context.Context, merchantID uuid.UUID) ([]string, error) {
	origins, err := dbsqlc.New().CheckoutOriginList(ctx, s.DB, merchantID)
	if err != nil {
		return nil, fmt.Errorf("error listing origins: %w", err)
	}
	return origins, nil
}

// AddOrigin allows one more, given as ParseOrigin takes it.
func (s *Storefronts) AddOrigin(ctx context.Context, merchantID uuid.UUID, origin string) error {
	origin, err := ParseOrigin(origin)
	if err != nil {
		return err
	}
	if err := dbsqlc.New().CheckoutOriginInsert(ctx, s.DB, &dbsqlc.CheckoutOriginInsertParams{
		MerchantID: merchantID, Origin: origin, CreatedAt: s.Now(),
	}); err != nil {
		return fmt.Errorf("error storing an origin: %w", err)
	}
	return nil
}

// RemoveOrigin takes one back; it fails with not_found when it was not allowed.
func (s *Storefronts) RemoveOrigin(ctx context.Context, merchantID uuid.UUID, origin string) error {
	origin, err := ParseOrigin(origin)
	if err != nil {
		return err
	}
	removed, err := dbsqlc.New().CheckoutOriginDelete(ctx, s.DB, &dbsqlc.CheckoutOriginDeleteParams{MerchantID: merchantID, Origin: origin})
	if err != nil {
		return fmt.Errorf("error removing an origin: %w", err)
	}
	if removed == 0 {
		return fault.On(fault.NotFound, "origin", "%s is not among this merchant's origins.", origin)
	}
	return nil
}

// ParseOrigin reads a web origin (RFC 6454) and returns it the way browsers write it: scheme and host in
// lower case, no default port, no path. It fails with invalid_value.
func ParseOrigin(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" ||
		parsed.User != nil || strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", fault.On(fault.InvalidValue, "origin", "origin must be a scheme, a host and perhaps a port, as https://shop.example.")
	}
	host := strings.ToLower(parsed.Hostname())
	if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return "", fault.On(fault.InvalidValue, "origin", "origin must have a host of letters, digits, dots and dashes; write other names in their xn-- form.")
	}
	origin := parsed.Scheme + "://" + host
	if port := parsed.Port(); port != "" && (parsed.Scheme != "https" || port != "443") && (parsed.Scheme != "http" || port != "80") {
		origin += ":" + port
	}
	return origin, nil
}

// CheckoutSecret is the secret that Sign signs with; one is made for a merchant who has none.
func (s *Storefronts) CheckoutSecret(ctx context.Context, merchantID uuid.UUID) (string, error) {
	return s.checkoutSecret(ctx, merchantID, newCheckoutSecret())
}

func newCheckoutSecret() string {
	random := make([]byte, checkoutSecretBytes)
	_, _ = rand.Read(random) // crypto/rand never fails (Go 1.24)
	return "checkout_secret_" + hex.EncodeToString(random)
}

// RotateCheckoutSecret makes a secret that Sign signs with from a time on, and returns it. The one before signs until then.
func (s *Storefronts) RotateCheckoutSecret(ctx context.Context, merchantID uuid.UUID, from time.Time) (string, error) {
	if _, err := s.CheckoutSecret(ctx, merchantID); err != nil { // there is one from now on
		return "", err
	}
	secret := newCheckoutSecret()
	if _, err := dbsqlc.New().CheckoutSecretRotate(ctx, s.DB, &dbsqlc.CheckoutSecretRotateParams{
		MerchantID: merchantID, NextSealed: s.Keyring.Seal([]byte(secret), checkoutSecretContext(merchantID)), NextFrom: from, Now: s.Now(),
	}); err != nil {
		return "", fmt.Errorf("error storing a checkout secret: %w", err)
	}
	return secret, nil
}

// SeedCheckoutSecret gives a merchant who has no secret a known one, for demo data.
func (s *Storefronts) SeedCheckoutSecret(ctx context.Context, merchantID uuid.UUID, secret string) error {
	_, err := s.checkoutSecret(ctx, merchantID, secret)
	return err
}

// checkoutSecret reads the secret, or stores the offered one where there is none.
func (s *Storefronts) checkoutSecret(ctx context.Context, merchantID uuid.UUID, offer string) (string, error) {
	queries := dbsqlc.New()
	sealed, err := queries.CheckoutSecretGet(ctx, s.DB, &dbsqlc.CheckoutSecretGetParams{MerchantID: merchantID, Now: s.Now()})
	if errors.Is(err, pgx.ErrNoRows) {
		if err := queries.CheckoutSecretOffer(ctx, s.DB, &dbsqlc.CheckoutSecretOfferParams{
			MerchantID: merchantID, Sealed: s.Keyring.Seal([]byte(offer), checkoutSecretContext(merchantID)), CreatedAt: s.Now(),
		}); err != nil {
			return "", fmt.Errorf("error storing a checkout secret: %w", err)
		}
		sealed, err = queries.CheckoutSecretGet(ctx, s.DB, &dbsqlc.CheckoutSecretGetParams{MerchantID: merchantID, Now: s.Now()})
	}
	if err != nil {
		return "", fmt.Errorf("error reading a checkout secret: %w", err)
	}
	secret, err := s.Keyring.Open(sealed, checkoutSecretContext(merchantID))
	if err != nil {
		return "", fmt.Errorf("error opening a checkout secret (is PAYGATE_ENCRYPTION_KEYS the one of this database?): %w", err)
	}
	return string(secret), nil
}

// checkoutSecretContext binds a sealed secret to its merchant, so that rows cannot be swapped.
func checkoutSecretContext(merchantID uuid.UUID) []byte {
	return []byte("checkout_secrets:" + merchantID.String())
}

// Sign is what the payment page hands to the customer's browser when the payment has succeeded, so that
// the merchant's server can tell it from an invention: see SignCheckout.
func (s *Storefronts) Sign(ctx context.Context, merchantID uuid.UUID, orderID, paymentID string) (string, error) {
	secret, err := s.CheckoutSecret(ctx, merchantID)
	if err != nil {
		return "", err
	}
	return SignCheckout(secret, orderID, paymentID), nil
}

// SignCheckout is the signature of a successful payment: HMAC-SHA256 (RFC 2104) of the order's id, a
// vertical bar and the payment's id, under the merchant's checkout secret as it is written, in lower-case
// hexadecimal. No id holds a bar, so no two pairs make the same text.
func SignCheckout(secret, orderID, paymentID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(orderID + "|" + paymentID))
	return hex.EncodeToString(mac.Sum(nil))
}
