-- +goose Up
-- What the hosted payment page needs to know of a merchant.
SET LOCAL lock_timeout = '5s';

-- The secret signs what a customer's browser brings back to the merchant's server. It is apart from the
-- API keys', which are stored as hashes and so cannot sign; sealed with the operator's key.
CREATE TABLE checkout_secrets (
    merchant_id uuid PRIMARY KEY,
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL
);

-- The web origins (RFC 6454, as `https://shop.example`) that may show the payment page in a frame and
-- be returned to from it.
CREATE TABLE checkout_origins (
    merchant_id uuid        NOT NULL,
    origin      text COLLATE "C" NOT NULL CHECK (origin ~ '^https?://[a-z0-9.-]+(:[0-9]{1,5})?$'),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, origin)
);

-- +goose Down
DROP TABLE checkout_origins, checkout_secrets;
