-- +goose Up
-- The simulated acquirer's own books. They stand for a bank's: nothing of the gateway writes here
-- except through processor.Acquirer, nothing here refers to the gateway's tables, and the simulator
-- commits them in transactions of its own. So the two sets of books can be compared after any accident.
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA acquirer;

-- Every operation that was answered, under the reference that the gateway chose for it.
--
-- A charge (kind authorize or sale) is its own payment_reference and carries what became of the
-- money since; captures, cancels and refunds name the charge. Refused operations are booked too,
-- because the same reference must get the same answer for ever.
--
-- What holds between the rows, for whoever audits them:
--   sale:      captured = amount when approved, else 0
--   authorize: captured = sum of its approved captures (at most one)
--   both:      refunded = sum of approved refunds; canceled = there is an approved cancel
--
-- outcome is what the customer's instrument is made to do ('ordinary' for most), inherited by the
-- operations on the charge. Of the instrument itself nothing is kept, no card number least of all.
CREATE TABLE acquirer.operations (
    reference         text COLLATE "C" PRIMARY KEY,
    kind              text        NOT NULL CHECK (kind IN ('authorize', 'sale', 'capture', 'cancel', 'refund')),
    payment_reference text COLLATE "C" NOT NULL,
    amount            bigint      NOT NULL CHECK (amount > 0),
    currency          text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    outcome           text        NOT NULL,
    status            text        NOT NULL CHECK (status IN ('approved', 'declined', 'requires_action')),
    code              text,
    captured          bigint      NOT NULL DEFAULT 0,
    refunded          bigint      NOT NULL DEFAULT 0,
    canceled          boolean     NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT operations_charge_is_its_own_payment CHECK ((kind IN ('authorize', 'sale')) = (reference = payment_reference)),
    CONSTRAINT operations_declined_has_code CHECK ((status = 'declined') = (code IS NOT NULL)),
    CONSTRAINT operations_action_is_for_charges CHECK (status <> 'requires_action' OR reference = payment_reference),
    CONSTRAINT operations_captured_within_amount CHECK (captured BETWEEN 0 AND amount),
    CONSTRAINT operations_captured_is_approved CHECK (captured = 0 OR (status = 'approved' AND reference = payment_reference)),
    CONSTRAINT operations_sale_is_captured CHECK (kind <> 'sale' OR status <> 'approved' OR captured = amount),
    CONSTRAINT operations_refunded_within_captured CHECK (refunded BETWEEN 0 AND captured),
    CONSTRAINT operations_canceled_is_uncaptured CHECK (NOT canceled OR captured = 0)
) WITH (fillfactor = 90);

-- Requests that the simulated network swallowed on their way to the acquirer. Each is swallowed
-- once: that it stands here is how the next attempt, from any process, gets through. To the
-- acquirer these never happened; an audit ignores them.
CREATE TABLE acquirer.lost_requests (
    reference text COLLATE "C" PRIMARY KEY,
    lost_at   timestamptz NOT NULL
);

-- +goose Down
DROP SCHEMA acquirer CASCADE;
