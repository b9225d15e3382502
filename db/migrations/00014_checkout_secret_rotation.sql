-- +goose Up
-- The secret that will sign from a time on. Until then the merchant's server learns to accept both: a browser brings one
-- signature, not one for each secret as webhooks do.
SET LOCAL lock_timeout = '5s';

ALTER TABLE checkout_secrets
    ADD COLUMN next_sealed bytea,
    ADD COLUMN next_from   timestamptz,
    ADD CONSTRAINT checkout_secrets_next_has_time CHECK ((next_sealed IS NULL) = (next_from IS NULL));

-- +goose Down
ALTER TABLE checkout_secrets DROP COLUMN next_sealed, DROP COLUMN next_from;
