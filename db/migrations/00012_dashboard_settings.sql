-- +goose Up
SET LOCAL lock_timeout = '5s';

-- How a merchant wants the payment page to look: its name for customers, a colour, a picture.
-- The picture is small and bounded, so it stands here and is served under its hash, which may be cached for
-- ever. NULL is what the page shows on its own: the merchant's name, the page's colour, no picture.
CREATE TABLE checkout_branding (
    merchant_id  uuid PRIMARY KEY,
    display_name text CHECK (length(display_name) BETWEEN 1 AND 60),
    accent       text CHECK (accent ~ '^#[0-9a-f]{6}$'),
    logo         bytea CHECK (octet_length(logo) BETWEEN 1 AND 65536),
    logo_type    text CHECK (logo_type IN ('image/png', 'image/jpeg')),
    logo_hash    text COLLATE "C" CHECK (logo_hash ~ '^[0-9a-f]{64}$'),
    updated_at   timestamptz NOT NULL,
    CONSTRAINT checkout_branding_logo_is_whole CHECK (num_nulls(logo, logo_type, logo_hash) IN (0, 3))
);
CREATE INDEX checkout_branding_logo ON checkout_branding (logo_hash) WHERE logo_hash IS NOT NULL;

-- +goose Down
DROP TABLE checkout_branding;
