-- What must hold at any moment, each as the number of records for which it does not. A statement sees
-- one snapshot, and what belongs together is committed together, so most of them need no grace. Where
-- one thing follows another in a transaction of its own, what is under way is left out by its age
-- (@before). Events and deliveries are removed after their retention: what is older than the time in
-- webhook_history is not asked for them.

-- name: DoctorCapturedIsBooked :one
-- What a payment captured is what the ledger booked, and nothing else is booked.
SELECT count(*) FROM payments p
FULL JOIN (
    SELECT t.payment_id, sum(t.amount) FILTER (WHERE t.kind = 'capture') AS amount,
        min(t.merchant_id::text) AS first_merchant, max(t.merchant_id::text) AS last_merchant,
        min(t.currency) AS first_currency, max(t.currency) AS last_currency
    FROM ledger_transfers t GROUP BY t.payment_id
) b ON b.payment_id = p.id
WHERE p.amount_captured IS DISTINCT FROM coalesce(b.amount, 0)
   OR b.payment_id IS NOT NULL AND (b.first_merchant, b.last_merchant, b.first_currency, b.last_currency)
        IS DISTINCT FROM (p.merchant_id::text, p.merchant_id::text, p.currency, p.currency);

-- name: DoctorFeesAreBooked :one
-- A fee is taken of a capture, and never more than was captured.
SELECT count(*) FROM ledger_transfers f
LEFT JOIN ledger_transfers c ON c.payment_id = f.payment_id AND c.kind = 'capture'
WHERE f.kind = 'fee' AND f.amount > coalesce(c.amount, 0);

-- name: DoctorLedgerIsSummed :one
-- The sums that are kept are those of the ledger up to their time, which is sealed.
SELECT count(*) FROM ledger_sums k
LEFT JOIN ledger_seal l ON l.id = k.seal
WHERE k.until IS DISTINCT FROM least(k.until, l.until) OR EXISTS (
    SELECT 1 FROM (
        SELECT unnest(k.currencies) AS currency, unnest(k.accounts) AS account, unnest(k.balances) AS amount
        UNION ALL
        SELECT t.currency, side.account, side.amount
        FROM ledger_transfers t CROSS JOIN LATERAL (VALUES (t.credit, -t.amount), (t.debit, t.amount)) AS side (account, amount)
        WHERE t.merchant_id = k.merchant_id AND t.created_at < k.until
    ) AS e
    GROUP BY e.currency, e.account HAVING sum(e.amount) <> 0);

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
-- Each refund is booked once when promised, and once more when paid or failed, and nothing else is.
SELECT count(*) FROM refunds r
FULL JOIN (
    SELECT t.refund_id, t.payment_id,
        coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund'), 0) AS promised,
        coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund_paid'), 0) AS paid,
        coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund_failed'), 0) AS failed
    FROM ledger_transfers t WHERE t.refund_id <> '' GROUP BY t.refund_id, t.payment_id
) b ON b.refund_id = r.id AND b.payment_id = r.payment_id
WHERE r.id IS NULL OR b.refund_id IS NULL
   OR b.promised <> r.amount
   OR b.paid <> CASE WHEN r.status = 'processed' THEN r.amount ELSE 0 END
   OR b.failed <> CASE WHEN r.status = 'failed' THEN r.amount ELSE 0 END;

-- name: DoctorRefundsMatchPayments :one
-- A refund has the merchant and the currency of its payment.
SELECT count(*) FROM refunds r JOIN payments p ON p.id = r.payment_id
WHERE r.merchant_id <> p.merchant_id OR r.currency <> p.currency;

-- name: DoctorOnePaymentPerOrder :one
-- An order that is to be paid once has at most one live or successful payment, and that one holds its slot.
SELECT count(*) FROM (
    SELECT p.order_id FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE NOT o.reusable AND p.status NOT IN ('failed', 'canceled')
    GROUP BY p.order_id HAVING count(*) > 1 OR count(p.order_slot) <> 1
) AS wrong;

-- name: DoctorPaymentsMatchOrders :one
-- A payment has the merchant, the amount and the currency of its order.
SELECT count(*) FROM payments p JOIN orders o ON o.id = p.order_id
WHERE p.merchant_id <> o.merchant_id OR p.amount <> o.amount OR p.currency <> o.currency;

-- name: DoctorPaidOrders :one
-- An order is paid if, and only if, a payment for it succeeded, and no payment was made for one that
-- is untouched.
SELECT count(*) FROM orders o
WHERE (o.status = 'paid') <> EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.status = 'success')
   OR o.status = 'created' AND EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id);

-- name: DoctorOrderEvents :one
-- An order that is paid has told so once, and no other has.
SELECT count(*) FROM orders o
LEFT JOIN (SELECT e.order_id, count(*) AS told FROM events e WHERE e.type = 'order.paid' GROUP BY e.order_id) e ON e.order_id = o.id
WHERE o.created_at >= coalesce((SELECT h.forgotten_before FROM webhook_history h), '-infinity')
  AND coalesce(e.told, 0) <> CASE WHEN o.status = 'paid' THEN 1 ELSE 0 END;

-- name: DoctorPaymentEvents :one
-- Each payment has told once of its creation, of its end when it has come to it, and of no other end.
SELECT count(*) FROM payments p
LEFT JOIN (
    SELECT e.payment_id,
        count(*) FILTER (WHERE e.type = 'payment.created') AS created,
        count(*) FILTER (WHERE e.type IN ('payment.success', 'payment.failed', 'payment.canceled')) AS ended,
        count(*) FILTER (WHERE e.type = 'payment.authorized') AS authorized,
        count(*) FILTER (WHERE e.type = 'payment.requires_action') AS action,
        max(e.type) FILTER (WHERE e.type IN ('payment.success', 'payment.failed', 'payment.canceled')) AS ending
    FROM events e WHERE e.payment_id IS NOT NULL AND e.refund_id IS NULL GROUP BY e.payment_id
) e ON e.payment_id = p.id
WHERE p.created_at >= coalesce((SELECT h.forgotten_before FROM webhook_history h), '-infinity')
  AND (coalesce(e.created, 0) <> 1
    OR e.ended <> CASE WHEN p.status IN ('success', 'failed', 'canceled') THEN 1 ELSE 0 END
    OR e.ending <> 'payment.' || p.status
    OR e.authorized > 1
    OR p.status = 'authorized' AND e.authorized <> 1
    OR p.status = 'requires_action' AND e.action < 1);

-- name: DoctorRefundEvents :one
-- Each refund has told once of its creation, of its end when it has come to it, and of no other end.
SELECT count(*) FROM refunds r
LEFT JOIN (
    SELECT e.refund_id,
        count(*) FILTER (WHERE e.type = 'refund.created') AS created,
        count(*) FILTER (WHERE e.type IN ('refund.processed', 'refund.failed')) AS ended,
        max(e.type) FILTER (WHERE e.type IN ('refund.processed', 'refund.failed')) AS ending
    FROM events e WHERE e.refund_id IS NOT NULL GROUP BY e.refund_id
) e ON e.refund_id = r.id
WHERE r.created_at >= coalesce((SELECT h.forgotten_before FROM webhook_history h), '-infinity')
  AND (coalesce(e.created, 0) <> 1
    OR e.ended <> CASE WHEN r.status = 'pending' THEN 0 ELSE 1 END
    OR e.ending <> 'refund.' || r.status);

-- name: DoctorEventDeliveries :one
-- Every event about money has a delivery for each endpoint that subscribed to it. Left out are events
-- around the time at which the endpoint was last changed: what it subscribed to then is not known, and
-- whose transaction was first does not follow from their times (a minute is far more than the two take).
SELECT count(*) FROM events e
JOIN webhook_endpoints w ON w.merchant_id = e.merchant_id AND w.updated_at < e.created_at - interval '1 minute' AND w.deleted_at IS NULL
WHERE e.type ~ '^(payment|refund|order)\.'
  AND e.created_at >= coalesce((SELECT h.forgotten_before FROM webhook_history h), '-infinity')
  AND EXISTS (
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
-- No payment waits for a worker or the acquirer longer than its bound.
SELECT count(*) FROM payments p
WHERE p.status IN ('pending', 'processing') AND p.updated_at < @before::timestamptz;

-- name: DoctorWaitsEnd :one
-- No payment waits for its capture or its customer past its end.
SELECT count(*) FROM payments p WHERE p.expires_at < @before::timestamptz AND p.operation IS NULL;

-- name: DoctorRefundsMove :one
-- A refund that is to be paid has a job that will do it.
SELECT count(*) FROM refunds r
WHERE r.status = 'pending' AND r.created_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM river_job j
    WHERE j.kind = 'process_refund' AND j.args ->> 'refund_id' = r.id AND j.state NOT IN ('completed', 'cancelled', 'discarded')
  );

-- name: DoctorRefundsSettle :one
-- No refund waits for the acquirer longer than its bound.
SELECT count(*) FROM refunds r WHERE r.status = 'pending' AND r.created_at < @before::timestamptz;

-- name: DoctorDecisionsMove :one
-- A capture or cancel that was decided has a job that will tell the acquirer.
SELECT count(*) FROM payments p
WHERE p.operation IS NOT NULL AND p.status IN ('authorized', 'requires_action') AND p.updated_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM river_job j
    WHERE j.kind = 'finish_payment' AND j.args ->> 'payment_id' = p.id AND j.state NOT IN ('completed', 'cancelled', 'discarded')
  );

-- name: DoctorDecisionsSettle :one
-- No capture or cancel that was decided waits for the acquirer longer than its bound.
SELECT count(*) FROM payments p
WHERE p.operation IS NOT NULL AND p.status IN ('authorized', 'requires_action') AND p.updated_at < @before::timestamptz;

-- name: DoctorDeliveriesMove :one
-- A delivery that is due has been attempted. Those that wait in the lane of an endpoint that fails, or that
-- takes no more in a second, wait for the endpoint and not for us.
SELECT count(*) FROM webhook_deliveries d
LEFT JOIN webhook_endpoints w ON w.id = d.endpoint_id
WHERE d.status IN ('pending', 'retrying') AND d.next_attempt_at < @before::timestamptz
  AND NOT (d.parked AND (w.failing_since IS NOT NULL OR w.rate_limit IS NOT NULL));

-- name: DoctorDeliveriesHaveJobs :one
-- A delivery that waits for its time has the job that will attempt it.
SELECT count(*) FROM webhook_deliveries d
WHERE d.status IN ('pending', 'retrying') AND NOT d.parked AND d.updated_at < @before::timestamptz
  AND NOT EXISTS (
    SELECT 1 FROM (
        SELECT o.args ->> 'delivery_id' AS delivery_id, (o.args ->> 'step')::integer AS step FROM river_job o
        WHERE o.kind = 'deliver_webhook' AND o.state NOT IN ('completed', 'cancelled', 'discarded')
        UNION ALL
        SELECT jsonb_array_elements_text(m.args -> 'delivery_ids'), 0 FROM river_job m
        WHERE m.kind = 'deliver_webhooks' AND m.state NOT IN ('completed', 'cancelled', 'discarded')
    ) AS j WHERE j.delivery_id = d.id AND j.step = d.step
  );

-- name: DoctorDeliveriesWaitForEndpoints :one
-- Only for a disabled endpoint do deliveries wait without a time, and for one that was deleted none does.
SELECT count(*) FROM webhook_deliveries d
LEFT JOIN webhook_endpoints w ON w.id = d.endpoint_id
WHERE d.updated_at < @before::timestamptz AND coalesce(w.updated_at < @before::timestamptz, true)
  AND (d.status = 'paused' AND w.status IS DISTINCT FROM 'disabled' OR d.parked AND (w.id IS NULL OR w.deleted_at IS NOT NULL));

-- name: DoctorAttemptsAreCounted :one
-- A delivery has as many attempts as it says, and is delivered if, and only if, one of them succeeded and
-- none is to follow.
SELECT count(*) FROM webhook_deliveries d
LEFT JOIN (
    SELECT a.delivery_id, count(*) AS made, bool_or(a.outcome = 'success') AS succeeded FROM webhook_attempts a GROUP BY a.delivery_id
) a ON a.delivery_id = d.id
WHERE d.attempt_count <> coalesce(a.made, 0)
   OR d.status = 'delivered' AND a.succeeded IS DISTINCT FROM true
   OR d.status = 'pending' AND a.made > 0 AND a.succeeded;

-- name: DoctorDeliveriesHaveEvents :one
-- A delivery is of an event and to an endpoint of its merchant.
SELECT count(*) FROM webhook_deliveries d
LEFT JOIN events e ON e.id = d.event_id AND e.merchant_id = d.merchant_id AND e.type = d.event_type
LEFT JOIN webhook_endpoints w ON w.id = d.endpoint_id AND w.merchant_id = d.merchant_id
WHERE e.id IS NULL OR w.id IS NULL;

-- name: DoctorChargesAreOurs :one
-- Each charge in the acquirer's books is a payment of ours that was begun, over the same amount and
-- of the same kind. A payment is begun in a transaction before the acquirer is asked.
SELECT count(*) FROM acquirer.operations a
LEFT JOIN payments p ON p.id = a.reference
WHERE a.kind IN ('authorize', 'sale')
  AND (p.id IS NULL OR p.status = 'pending' OR p.currency <> a.currency OR p.amount <> a.amount
    OR (p.capture = 'manual') <> (a.kind = 'authorize'));

-- name: DoctorOutcomesAgree :one
-- Where we say how a payment stands, the acquirer's books say the same. Its books are committed first, so
-- what is under way never shows here, save that it may know of a decision's end before we do.
SELECT count(*) FROM payments p
LEFT JOIN acquirer.operations a ON a.reference = p.id
WHERE CASE p.status
    WHEN 'success' THEN a.status IS DISTINCT FROM 'approved' OR a.captured IS DISTINCT FROM p.amount_captured
    WHEN 'authorized' THEN a.status IS DISTINCT FROM 'approved' OR p.operation IS NULL AND (a.captured <> 0 OR a.canceled)
    WHEN 'canceled' THEN a.canceled IS DISTINCT FROM true
    -- A capture that was declined leaves the charge as it was; anything else that failed was declined.
    WHEN 'failed' THEN a.captured IS DISTINCT FROM 0 OR a.status <> 'declined' AND p.operation IS DISTINCT FROM 'capture'
    WHEN 'requires_action' THEN a.reference IS NULL
    ELSE false END;

-- name: DoctorRefundsArePaid :one
-- Refunds in both books agree, one by one.
SELECT count(*) FROM refunds r
FULL JOIN (SELECT * FROM acquirer.operations o WHERE o.kind = 'refund') a ON a.reference = r.id
WHERE r.id IS NULL
   OR a.amount <> r.amount OR a.payment_reference <> r.payment_id OR a.currency <> r.currency
   OR r.status = 'processed' AND a.status IS DISTINCT FROM 'approved'
   OR r.status = 'failed' AND a.status IS DISTINCT FROM 'declined';
