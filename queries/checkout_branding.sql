-- name: CheckoutBrandingGet :one
SELECT m.name, b.display_name, b.accent, b.logo_hash
FROM merchants m LEFT JOIN checkout_branding b ON b.merchant_id = m.id
WHERE m.id = @merchant_id;

-- name: CheckoutBrandingSet :exec
INSERT INTO checkout_branding (merchant_id, display_name, accent, updated_at)
VALUES (@merchant_id, sqlc.narg('display_name'), sqlc.narg('accent'), @now::timestamptz)
ON CONFLICT (merchant_id) DO UPDATE SET display_name = excluded.display_name, accent = excluded.accent, updated_at = excluded.updated_at;

-- name: CheckoutLogoSet :exec
INSERT INTO checkout_branding (merchant_id, logo, logo_type, logo_hash, updated_at)
VALUES (@merchant_id, sqlc.narg('logo'), sqlc.narg('logo_type'), sqlc.narg('logo_hash'), @now::timestamptz)
ON CONFLICT (merchant_id) DO UPDATE SET
    logo = excluded.logo, logo_type = excluded.logo_type, logo_hash = excluded.logo_hash, updated_at = excluded.updated_at;

-- name: CheckoutLogoGet :one
-- Two merchants may have the same picture.
SELECT logo, logo_type FROM checkout_branding WHERE logo_hash = @logo_hash LIMIT 1;
