-- One payment in one transaction of its own: the rows that our intake writes, with bodies as long, and
-- none of the questions that it asks first. The names begin with a counter, so that indexes grow at their
-- right end as ours do.
\set n :n + 1
BEGIN;
INSERT INTO payments (id, merchant_id, amount, currency, status, capture, method, vpa, metadata, created_at, updated_at)
VALUES ('pay_' || lpad(:n::text, 14, '0') || lpad(:client_id::text, 4, '0') || :run::text, '550e8400-e29b-41d4-a716-446655440000', 50000, 'INR',
    'pending', 'automatic', 'upi', 'customer@okbank', '{"cart": "c-1", "channel": "web"}', now(), now());
INSERT INTO events (id, merchant_id, type, payment_id, body, created_at)
VALUES ('evt_' || lpad(:n::text, 14, '0') || lpad(:client_id::text, 4, '0') || :run::text, '550e8400-e29b-41d4-a716-446655440000', 'payment.created',
    'pay_' || lpad(:n::text, 14, '0') || lpad(:client_id::text, 4, '0') || :run::text, repeat('x', 700), now());
INSERT INTO river_job (args, created_at, kind, max_attempts, metadata, priority, queue, scheduled_at, state, tags)
VALUES (jsonb_build_object('payment_id', 'pay_' || lpad(:n::text, 14, '0') || lpad(:client_id::text, 4, '0') || :run::text), now(),
    'process_payment', 10000, '{}', 1, 'payments', now(), 'available', '{}');
INSERT INTO idempotency_keys (merchant_id, route, key, fingerprint, status, body, created_at)
VALUES ('550e8400-e29b-41d4-a716-446655440000', 'POST /api/v1/payments',
    lpad(:n::text, 14, '0') || lpad(:client_id::text, 4, '0') || :run::text, '\x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    201, convert_to(repeat('x', 600), 'UTF8'), now());
COMMIT;
