-- +goose Up
-- What the dashboard needs beside the merchants' records: people, their sessions, what they did, and
-- figures that are summed once.
SET LOCAL lock_timeout = '5s';

-- A person works for one merchant. operator opens what belongs to whoever runs the gateway.
-- The hash is argon2id in its PHC string form, parameters included, so that they can be raised later.
CREATE TABLE dashboard_users (
    id            uuid PRIMARY KEY,
    merchant_id   uuid        NOT NULL REFERENCES merchants (id),
    email         text        NOT NULL CHECK (email = lower(email) AND email LIKE '%_@_%'),
    role          text        NOT NULL CHECK (role IN ('owner', 'developer', 'viewer')),
    operator      boolean     NOT NULL DEFAULT false,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT dashboard_users_email UNIQUE (email)
);
CREATE INDEX dashboard_users_merchant ON dashboard_users (merchant_id);

-- The token is in the browser alone; what is stored cannot be used to sign in.
CREATE TABLE dashboard_sessions (
    token_hash   bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id      uuid        NOT NULL REFERENCES dashboard_users (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX dashboard_sessions_user ON dashboard_sessions (user_id);
CREATE INDEX dashboard_sessions_expires ON dashboard_sessions (expires_at);

-- Failed sign-ins of a window, by the hash of an e-mail or a network address.
CREATE TABLE dashboard_sign_in_failures (
    bucket   bytea PRIMARY KEY CHECK (length(bucket) = 32),
    failures integer     NOT NULL,
    since    timestamptz NOT NULL
);

-- Who did what: sign-ins, secrets shown, keys made and taken away. No secret stands here.
CREATE TABLE dashboard_audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    actor       text        NOT NULL,
    action      text        NOT NULL,
    target      text        NOT NULL DEFAULT '',
    address     text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL
);
CREATE INDEX dashboard_audit_merchant ON dashboard_audit (merchant_id, id);

-- Figures of a quarter of an hour: fine enough to make days of any time zone from, India's and
-- Nepal's included. They are summed from what never changes (creation, ledger, events), so a quarter
-- that is over is summed once. until is where the sums of a merchant end.
CREATE TABLE dashboard_figures (
    merchant_id uuid        NOT NULL,
    quarter     timestamptz NOT NULL,
    metric      text        NOT NULL CHECK (metric IN ('created', 'captured', 'refunded', 'failed')),
    currency    text        NOT NULL,
    label       text        NOT NULL DEFAULT '',
    count       bigint      NOT NULL,
    amount      bigint      NOT NULL,
    PRIMARY KEY (merchant_id, quarter, metric, currency, label)
);
CREATE TABLE dashboard_figures_until (
    merchant_id uuid PRIMARY KEY,
    until       timestamptz NOT NULL
);

-- +goose Down
DROP TABLE dashboard_figures_until, dashboard_figures, dashboard_audit, dashboard_sign_in_failures, dashboard_sessions, dashboard_users;
