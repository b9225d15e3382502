-- What must hold at any moment, each as the number of records for which it does not. Whatever is
-- under way is left out by its age (@before): transactions are bounded to seconds.

-- name: DoctorCapturedIsBooked :one
-- A successful payment is booked in the ledger with what was captured, and nothing else is.
SELECT count(*) FROM (
    SELECT p.id FROM payments p
    LEFT JOIN (SELECT t.payment_id, sum(t.amount) AS amount FROM ledger_transfers t WHERE t.kind = 'capture' GROUP BY t.payment_id) b
        ON b.payment_id = p.id
    WHERE p.amount_captured <> coalesce(b.amount, 0)
    UNION ALL
    SELECT t.payment_id FROM ledger_transfers t LEFT JOIN payments p ON p.id = t.payment_id
    WHERE p.id IS NULL OR p.merchant_id <> t.merchant_id OR p.currency <> t.currency
) AS wrong;

-- name: DoctorRefundsArePromised :one
-- What a payment says is refunded is the sum of its refunds that have not failed.
SELECT count(*) FROM payments p
LEFT JOIN (SELECT r.payment_id, sum(r.amount) AS amount FROM refunds r WHERE r.status <> 'failed' GROUP BY r.payment_id) s
    ON s.payment_id = p.id
WHERE p.amount_refunded <> coalesce(s.amount, 0);

-- name: DoctorRefundsWithinCaptured :one
SELECT count(*) FROM (
    SELECT r.payment_id FROM refunds r JOIN payments p ON p.id = r.payment_id
    WHERE r.status <> 'failed'
    GROUP BY r.payment_id, p.amount_captured HAVING sum(r.amount) > p.amount_captured
) AS wrong;

-- name: DoctorRefundsAreBooked :one
-- Each refund is booked once when promised, and once more when paid or failed.
SELECT count(*) FROM refunds r
LEFT JOIN LATERAL (
    SELECT coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund'), 0) AS promised,
        coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund_paid'), 0) AS paid,
        coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund_failed'), 0) AS failed
    FROM ledger_transfers t WHERE t.payment_id = r.payment_id AND t.refund_id = r.id
) b ON true
WHERE b.promised <> r.amount
   OR b.paid <> CASE WHEN r.status = 'processed' THEN r.amount ELSE 0 END
   OR b.failed <> CASE WHEN r.status = 'failed' THEN r.amount ELSE 0 END;

-- name: DoctorLedgerBalances :one
-- Over all accounts of a merchant and currency, debits equal credits.
SELECT count(*) FROM (
    SELECT e.merchant_id, e.currency FROM (
        SELECT t.merchant_id, t.currency, t.amount FROM ledger_transfers t
        UNION ALL
        SELECT t.merchant_id, t.currency, -t.amount FROM ledger_transfers t
    ) AS e GROUP BY e.merchant_id, e.currency HAVING sum(e.amount) <> 0
) AS wrong;

-- name: DoctorOnePaymentPerOrder :one
SELECT count(*) FROM (
    SELECT p.order_id FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE NOT o.reusable AND p.status NOT IN ('failed', 'canceled')
    GROUP BY p.order_id HAVING count(*) > 1
) AS wrong;

-- name: DoctorPaidOrders :one
-- An order is paid if, and only if, a payment for it succeeded.
SELECT count(*) FROM orders o
WHERE (o.status = 'paid') <> EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.status = 'success');

-- name: DoctorPaymentEvents :one
-- Each payment has told of its creation and of the state it is in, once.
SELECT count(*) FROM payments p
WHERE (SELECT count(*) FROM events e WHERE e.payment_id = p.id AND e.type = 'payment.created') <> 1
   OR (p.status IN ('success', 'failed', 'canceled', 'authorized') AND
       (SELECT count(*) FROM events e WHERE e.payment_id = p.id AND e.type = 'payment.' || p.status) <> 1);

-- name: DoctorRefundEvents :one
SELECT count(*) FROM refunds r
WHERE (SELECT count(*) FROM events e WHERE e.payment_id = r.payment_id AND e.refund_id = r.id AND e.type = 'refund.created') <> 1
   OR (r.status <> 'pending' AND
       (SELECT count(*) FROM events e WHERE e.payment_id = r.payment_id AND e.refund_id = r.id AND e.type = 'refund.' || r.status) <> 1);

-- name: DoctorEventDeliveries :one
-- Every event has a delivery for each endpoint that subscribed to it. Endpoints changed since are
-- left out: what they subscribed to then is not known.
SELECT count(*) FROM events e
JOIN webhook_endpoints w ON w.merchant_id = e.merchant_id AND w.updated_at < e.created_at AND w.deleted_at IS NULL
WHERE EXISTS (
        SELECT 1 FROM unnest(w.event_types) AS pattern
        WHERE e.type = pattern OR (right(pattern, 1) = '*' AND starts_with(e.type, left(pattern, -1)))
    )
  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id AND d.endpoint_id = w.id);

-- name: DoctorPaymentsMove :one
-- A payment that is to be charged has a job that will do it.
SELECT count(*) FROM payments p
WHERE p.status IN ('pending', 'processing') AND p.created_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM river_job j
    WHERE j.kind = 'process_payment' AND j.args ->> 'payment_id' = p.id AND j.state NOT IN ('completed', 'cancelled', 'discarded')
  );

-- name: DoctorPaymentsSettle :one
-- No payment waits for the acquirer longer than its bound.
SELECT count(*) FROM payments p
WHERE p.status IN ('pending', 'processing') AND p.created_at < @before::timestamptz;

-- name: DoctorRefundsMove :one
SELECT count(*) FROM refunds r
WHERE r.status = 'pending' AND r.created_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM river_job j
    WHERE j.kind = 'process_refund' AND j.args ->> 'refund_id' = r.id AND j.state NOT IN ('completed', 'cancelled', 'discarded')
  );

-- name: DoctorDecisionsMove :one
-- A capture or cancel that was decided has a job that will tell the acquirer.
SELECT count(*) FROM payments p
WHERE p.operation IS NOT NULL AND p.status IN ('authorized', 'requires_action') AND p.updated_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM river_job j
    WHERE j.kind = 'finish_payment' AND j.args ->> 'payment_id' = p.id AND j.state NOT IN ('completed', 'cancelled', 'discarded')
  );

-- name: DoctorDeliveriesMove :one
-- A delivery that is due has been attempted.
SELECT count(*) FROM webhook_deliveries d
WHERE d.status IN ('pending', 'retrying') AND d.next_attempt_at < @before::timestamptz;

-- name: DoctorChargesAreOurs :one
-- What the acquirer took is what we have: for each charge in its books there is our payment with the
-- same outcome and amounts. Payments still under way are left out.
SELECT count(*) FROM acquirer.operations a
LEFT JOIN payments p ON p.id = a.reference
WHERE a.kind IN ('authorize', 'sale') AND a.updated_at < @before::timestamptz
  AND coalesce(p.status, '') NOT IN ('pending', 'processing', 'requires_action')
  AND (p.id IS NULL
    OR p.currency <> a.currency OR p.amount <> a.amount
    OR (p.operation IS NULL OR p.status NOT IN ('authorized')) AND p.amount_captured <> a.captured
    OR (p.status = 'failed') <> (a.status = 'declined') AND p.operation IS NULL
    OR p.status = 'canceled' AND NOT a.canceled);

-- name: DoctorSuccessIsCharged :one
-- And the other way round: no success of ours that the acquirer does not know.
SELECT count(*) FROM payments p
LEFT JOIN acquirer.operations a ON a.reference = p.id AND a.status = 'approved'
WHERE p.status = 'success' AND a.captured IS DISTINCT FROM p.amount_captured;

-- name: DoctorRefundsArePaid :one
-- Refunds processed are refunds in the acquirer's books, and the sums agree.
SELECT count(*) FROM refunds r
FULL JOIN (SELECT * FROM acquirer.operations o WHERE o.kind = 'refund' AND o.updated_at < @before::timestamptz) a ON a.reference = r.id
WHERE r.updated_at < @before::timestamptz AND r.status <> 'pending'
    AND ((r.status = 'processed') <> coalesce(a.status = 'approved', false) OR r.status = 'processed' AND a.amount <> r.amount)
   OR r.id IS NULL;
