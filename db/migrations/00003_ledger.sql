-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a merchant pays for a captured payment: a share in basis points, and a fixed part in minor
-- units of the payment's currency.
ALTER TABLE merchants
    ADD COLUMN fee_bps   integer NOT NULL DEFAULT 200 CHECK (fee_bps BETWEEN 0 AND 10000),
    ADD COLUMN fee_fixed bigint  NOT NULL DEFAULT 0 CHECK (fee_fixed BETWEEN 0 AND 1000000000000);

-- The ledger: each row moves an amount from the credited account to the debited one, so every debit
-- has an equal credit by construction, and the sum over all accounts is always zero.
--
-- An account is a merchant's, of one kind, in one currency; all three stand in the row, so a transfer
-- cannot mix currencies or merchants, and no account row is locked by everybody. The kinds:
--   acquirer  what the acquirer owes us for the merchant
--   balance   what we owe the merchant
--   refunds   what is promised to customers and not paid back yet
--   fees      what the merchant has paid us
CREATE TABLE ledger_transfers (
    id          text COLLATE "C" PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    kind        text        NOT NULL,
    debit       text        NOT NULL CHECK (debit IN ('acquirer', 'balance', 'refunds', 'fees')),
    credit      text        NOT NULL CHECK (credit IN ('acquirer', 'balance', 'refunds', 'fees')),
    amount      bigint      NOT NULL CHECK (amount > 0),
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    payment_id  text COLLATE "C" NOT NULL,
    refund_id   text COLLATE "C" NOT NULL DEFAULT '', -- '' for none: the unique index below needs a value
    created_at  timestamptz NOT NULL,
    CONSTRAINT ledger_transfers_between_two CHECK (debit <> credit),
    CONSTRAINT ledger_transfers_kind CHECK ((kind, debit, credit) IN (
        ('capture', 'acquirer', 'balance'),
        ('fee', 'balance', 'fees'),
        ('refund', 'balance', 'refunds'),
        ('refund_paid', 'refunds', 'acquirer'),
        ('refund_failed', 'refunds', 'balance'))),
    CONSTRAINT ledger_transfers_refund_named CHECK ((refund_id <> '') = (kind IN ('refund', 'refund_paid', 'refund_failed')))
);
-- One capture and one fee for a payment, one of each step for a refund: a second is impossible.
CREATE UNIQUE INDEX ledger_transfers_once ON ledger_transfers (payment_id, kind, refund_id);
CREATE INDEX ledger_transfers_merchant_created ON ledger_transfers (merchant_id, created_at, id);

-- +goose StatementBegin
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger_transfers is append-only: correct a transfer with another one'
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- +goose Down
DROP TABLE ledger_transfers;
DROP FUNCTION ledger_is_append_only;
ALTER TABLE merchants DROP COLUMN fee_bps, DROP COLUMN fee_fixed;
