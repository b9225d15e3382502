package doctor_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/doctor"
	"paygate/idempotency"
	"paygate/keyring"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// clinic has records in every state, all of them sound.
type clinic struct {
	pool     *pgxpool.Pool
	bank     *processor.Simulator
	service  *payments.Service
	merchant uuid.UUID
	// named holds the ids that the SQL of the tests speaks of as {name}.
	named map[string]string
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{pool: dbtest.Pool(t), merchant: uuid.New(), named: make(map[string]string)}
	c.named["merchant"] = c.merchant.String()
	_, err := c.pool.Exec(t.Context(), `INSERT INTO merchants (id, name, email, created_at) VALUES ($1, 'Test', 'test@example.com', now())`, c.merchant)
	require.NoError(t, err)
	c.bank, err = processor.NewSimulator(c.pool, processor.Config{})
	require.NoError(t, err)
	queue, err := river.NewClient(riverpgxv5.New(c.pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	c.service = payments.New(payments.Options{DB: c.pool, Acquirer: c.bank, Queue: queue, Now: time.Now})
	t.Cleanup(func() {
		require.NoError(t, c.service.Close(context.Background()))
		require.NoError(t, c.bank.Close(context.Background()))
	})

	// Deliveries of what the plants leave alone.
	c.named["endpoint"] = c.endpoint(t, queue)

	err = db.InTx(t.Context(), c.pool, func(tx pgx.Tx) error {
		order, err := c.service.CreateOrder(t.Context(), tx, payments.OrderParams{MerchantID: c.merchant, Amount: 1000, Currency: "INR"})
		c.named["order"] = order.ID
		return err
	})
	require.NoError(t, err)

	c.pay(t, "paid", true, payments.CreateParams{OrderID: c.named["order"]})
	c.refund(t, "refund", "paid", 300, true)
	c.refund(t, "pending_refund", "paid", 100, false)
	c.pay(t, "unrefundable", true, payments.CreateParams{Amount: 700, Currency: "JPY", Method: processor.MethodUPI, VPA: "refund-fails@upi"})
	c.refund(t, "failed_refund", "unrefundable", 700, true)
	c.pay(t, "failed", true, payments.CreateParams{Amount: 800, Currency: "INR", Method: processor.MethodUPI, VPA: "failure@upi"})
	c.pay(t, "pending", false, payments.CreateParams{Amount: 900, Currency: "INR"})
	c.pay(t, "waiting", true, payments.CreateParams{Amount: 900, Currency: "INR", Method: processor.MethodNetbanking, Bank: "REDIRECT"})
	for _, name := range []string{"held", "captured", "canceled", "decided"} {
		c.pay(t, name, true, payments.CreateParams{Amount: 2000, Currency: "USD", Capture: payments.CaptureManual})
	}
	for _, name := range []string{"captured", "decided"} {
		_, err := c.service.Capture(t.Context(), c.claim(), payments.CaptureParams{MerchantID: c.merchant, PaymentID: c.named[name], Amount: new(int64(1500))})
		require.NoError(t, err)
	}
	_, err = c.service.Cancel(t.Context(), c.claim(), c.merchant, c.named["canceled"])
	require.NoError(t, err)
	require.NoError(t, c.service.Finish(t.Context(), c.named["captured"]))
	require.NoError(t, c.service.Finish(t.Context(), c.named["canceled"]))
	c.deliver(t)
	return c
}

// endpoint makes one that gets some of the events.
func (c *clinic) endpoint(t *testing.T, queue webhooks.Queue) string {
	t.Helper()
	guard := webhooks.NewGuard(webhooks.GuardOptions{AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	endpoints := &webhooks.Endpoints{DB: c.pool, Guard: guard, Keyring: keyring.Development(), Queue: queue, Now: time.Now}
	var made *webhooks.Endpoint
	require.NoError(t, db.InTx(t.Context(), c.pool, func(tx pgx.Tx) (err error) {
		made, err = endpoints.Create(t.Context(), tx, c.merchant, webhooks.EndpointParams{
			URL: "https://127.0.0.1/", EventTypes: []string{"refund.created", "refund.failed", "payment.canceled"},
		})
		return err
	}))
	return made.ID
}

// deliver lets one delivery have succeeded; the others wait for their first attempt.
func (c *clinic) deliver(t *testing.T) {
	t.Helper()
	read := func(name, sql string) {
		var id string
		require.NoError(t, c.pool.QueryRow(t.Context(), sql, c.named["endpoint"]).Scan(&id))
		c.named[name] = id
	}
	read("delivered", `UPDATE webhook_deliveries SET status = 'delivered', next_attempt_at = NULL, step = 1, attempt_count = 1, response_code = 200, last_attempt_at = now()
		WHERE endpoint_id = $1 AND event_type = 'payment.canceled' RETURNING id`)
	read("waiting_delivery", `SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND event_type = 'refund.failed'`)
	_, err := c.pool.Exec(t.Context(), `INSERT INTO webhook_attempts (delivery_id, number, merchant_id, trigger, outcome, response_code, duration_ms, started_at)
		VALUES ($1, 1, $2, 'automatic', 'success', 200, 5, now())`, c.named["delivered"], c.merchant)
	require.NoError(t, err)
}

func (c *clinic) claim() *idempotency.Claim {
	return &idempotency.Claim{MerchantID: c.merchant, Render: func(resource any, _ error) idempotency.Response {
		body, _ := json.Marshal(resource) // a refusal shows as an empty id
		return idempotency.Response{Status: 200, Body: body}
	}}
}

func idOf(t *testing.T, response idempotency.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	var resource struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal(response.Body, &resource))
	require.NotEmpty(t, resource.ID)
	return resource.ID
}

func (c *clinic) pay(t *testing.T, name string, process bool, params payments.CreateParams) {
	t.Helper()
	params.MerchantID = c.merchant
	response, err := c.service.Create(t.Context(), c.claim(), params)
	c.named[name] = idOf(t, response, err)
	if process {
		require.NoError(t, c.service.Process(t.Context(), c.named[name]))
	}
}

func (c *clinic) refund(t *testing.T, name, payment string, amount int64, process bool) {
	t.Helper()
	response, err := c.service.CreateRefund(t.Context(), c.claim(), payments.RefundParams{MerchantID: c.merchant, PaymentID: c.named[payment], Amount: &amount})
	c.named[name] = idOf(t, response, err)
	if process {
		require.NoError(t, c.service.ProcessRefund(t.Context(), c.named[name]))
	}
}

// spell puts the ids in.
func (c *clinic) spell(sql string) string {
	for name, id := range c.named {
		sql = strings.ReplaceAll(sql, "{"+name+"}", "'"+id+"'")
	}
	return sql
}

// ill returns the names of the checks that fire, with their counts.
func ill(t *testing.T, on db.Beginner) map[string]int64 {
	t.Helper()
	findings, err := doctor.Examine(t.Context(), on, doctor.Options{Settled: time.Nanosecond})
	require.NoError(t, err)
	out := make(map[string]int64)
	var sum int64
	for _, f := range findings {
		require.NotEmpty(t, f.Meaning)
		if sum += f.Violations; f.Violations > 0 {
			out[f.Name] = f.Violations
		}
	}
	require.Equal(t, sum, doctor.Violations(findings))
	return out
}

// plants break one thing each, and one check must see it and no other. Constraints that stand in the
// way are taken away first: doctor is for the day on which something was, somehow, possible.
var plants = []struct{ check, what, sql string }{
	{"captured_is_booked", "a capture booked for a payment that failed", `INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'capture', 'acquirer', 'balance', 800, 'INR', {failed}, '', now())`},
	{"captured_is_booked", "a payment that captured more than is booked", `ALTER TABLE ledger_transfers DISABLE TRIGGER USER; UPDATE ledger_transfers SET amount = amount - 1 WHERE payment_id = {captured} AND kind = 'capture'`},
	{"captured_is_booked", "a booking for another merchant", `ALTER TABLE ledger_transfers DISABLE TRIGGER USER; UPDATE ledger_transfers SET merchant_id = gen_random_uuid() WHERE payment_id = {captured} AND kind = 'fee'`},
	{"captured_is_booked", "a booking in another currency", `ALTER TABLE ledger_transfers DISABLE TRIGGER USER; UPDATE ledger_transfers SET currency = 'EUR' WHERE payment_id = {captured}`},
	{"captured_is_booked", "a booking for no payment", `INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'capture', 'acquirer', 'balance', 800, 'INR', 'pay_none', '', now())`},
	{"fees_are_booked", "a fee without a capture", `INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'fee', 'balance', 'fees', 1, 'INR', {failed}, '', now())`},
	{"fees_are_booked", "a fee above its capture", `ALTER TABLE ledger_transfers DISABLE TRIGGER USER; UPDATE ledger_transfers SET amount = 1501 WHERE payment_id = {captured} AND kind = 'fee'`},
	{"ledger_is_summed", "a sum that is less than its transfers", `INSERT INTO ledger_seal VALUES (true, now());
		INSERT INTO ledger_sums VALUES ({merchant}, now(), '{JPY,JPY,JPY}', '{balance,acquirer,fees}', '{1,-2,1}')`},
	{"refunds_are_promised", "a promise without a refund", `UPDATE payments SET amount_refunded = amount_refunded + 1 WHERE id = {paid}`},
	{"refunds_are_promised", "a failed refund that was not given back", `UPDATE payments SET amount_refunded = 700 WHERE id = {unrefundable}`},
	{"refunds_within_captured", "more refunds than captured", `ALTER TABLE payments DROP CONSTRAINT payments_refunds_within_captured;
		UPDATE payments SET amount_refunded = amount_refunded + 601 WHERE id = {paid};
		INSERT INTO refunds (id, merchant_id, payment_id, amount, currency, status, created_at, updated_at) VALUES ('rfnd_1', {merchant}, {paid}, 601, 'INR', 'pending', now(), now());
		INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'refund', 'balance', 'refunds', 601, 'INR', {paid}, 'rfnd_1', now());
		INSERT INTO events VALUES ('evt_1', {merchant}, 'refund.created', {paid}, NULL, 'rfnd_1', '', now());
		INSERT INTO river_job (kind, args, max_attempts, queue) VALUES ('process_refund', '{"refund_id": "rfnd_1"}', 1, 'payments')`},
	{"refunds_are_booked", "a paid refund booked as failed too", `INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'refund_failed', 'refunds', 'balance', 300, 'INR', {paid}, {refund}, now())`},
	{"refunds_are_booked", "a refund whose promise is not booked", `ALTER TABLE ledger_transfers DISABLE TRIGGER USER; DELETE FROM ledger_transfers WHERE refund_id = {pending_refund}`},
	{"refunds_are_booked", "a booking for no refund", `INSERT INTO ledger_transfers VALUES ('txn_1', {merchant}, 'refund', 'balance', 'refunds', 1, 'INR', {paid}, 'rfnd_none', now())`},
	{"refunds_match_payments", "a refund of another merchant", `UPDATE refunds SET merchant_id = gen_random_uuid() WHERE id = {refund}`},
	{"one_payment_per_order", "a success that gave up its slot", `UPDATE payments SET order_slot = NULL WHERE id = {paid}`},
	{"one_payment_per_order", "two live payments", `UPDATE payments SET order_id = {order}, amount = 1000, currency = 'INR' WHERE id = {pending};
		UPDATE acquirer.operations SET amount = 1000 WHERE reference = {pending}`},
	{"payments_match_orders", "an order whose amount changed", `UPDATE orders SET amount = amount + 1 WHERE id = {order}`},
	{"paid_orders", "a paid order without a payment", `INSERT INTO orders (id, merchant_id, amount, currency, status, created_at, updated_at) VALUES ('order_1', {merchant}, 5, 'INR', 'paid', now(), now());
		INSERT INTO events VALUES ('evt_1', {merchant}, 'order.paid', NULL, 'order_1', NULL, '', now())`},
	{"paid_orders", "a payment for an untouched order", `INSERT INTO orders (id, merchant_id, amount, currency, status, reusable, created_at, updated_at) VALUES ('order_1', {merchant}, 900, 'INR', 'created', true, now(), now());
		UPDATE payments SET order_id = 'order_1' WHERE id = {pending}`},
	{"order_events", "an order that did not tell", `DELETE FROM events WHERE type = 'order.paid'`},
	{"payment_events", "an end that was not told", `DELETE FROM events WHERE payment_id = {failed} AND type = 'payment.failed'`},
	{"payment_events", "an end that was told twice", `INSERT INTO events VALUES ('evt_1', {merchant}, 'payment.failed', {failed}, NULL, NULL, '', now())`},
	{"payment_events", "another end told", `UPDATE events SET type = 'payment.success' WHERE payment_id = {failed} AND type = 'payment.failed'`},
	{"payment_events", "an end told too early", `INSERT INTO events VALUES ('evt_1', {merchant}, 'payment.failed', {pending}, NULL, NULL, '', now())`},
	{"payment_events", "a creation not told", `DELETE FROM events WHERE payment_id = {pending}`},
	{"payment_events", "a hold not told", `DELETE FROM events WHERE payment_id = {held} AND type = 'payment.authorized'`},
	{"payment_events", "a customer's step not told", `DELETE FROM events WHERE payment_id = {waiting} AND type = 'payment.requires_action'`},
	{"refund_events", "a refund not told", `DELETE FROM events WHERE refund_id = {refund} AND type = 'refund.processed'`},
	{"refund_events", "a refund told twice", `INSERT INTO events VALUES ('evt_1', {merchant}, 'refund.failed', {paid}, NULL, {refund}, '', now())`},
	{"event_deliveries", "an endpoint that was passed over", `INSERT INTO webhook_endpoints (id, merchant_id, url, event_types, status, created_at, updated_at)
		VALUES ('we_1', {merchant}, 'https://example.com', '{payment.failed}', 'enabled', now() - interval '1 day', now() - interval '1 day')`},
	{"payments_move", "a payment without its job", `DELETE FROM river_job WHERE args ->> 'payment_id' = {pending}`},
	{"payments_move", "a payment whose job was given up", `UPDATE river_job SET state = 'discarded', finalized_at = now() WHERE args ->> 'payment_id' = {pending}`},
	{"refunds_move", "a refund without its job", `DELETE FROM river_job WHERE args ->> 'refund_id' = {pending_refund}`},
	{"decisions_move", "a decision without its job", `DELETE FROM river_job WHERE args ->> 'payment_id' = {decided} AND kind = 'finish_payment'`},
	{"payments_settle", "a payment that waits for too long", `UPDATE payments SET updated_at = now() - interval '16 minutes' WHERE id = {pending}`},
	{"refunds_settle", "a refund that waits for too long", `UPDATE refunds SET created_at = now() - interval '16 minutes' WHERE id = {pending_refund}`},
	{"decisions_settle", "a decision that waits for too long", `UPDATE payments SET updated_at = now() - interval '16 minutes' WHERE id = {decided}`},
	{"waits_end", "a hold that nobody ended", `UPDATE payments SET expires_at = now() - interval '16 minutes' WHERE id = {held}`},
	{"deliveries_move", "a delivery that nobody attempts", `UPDATE webhook_deliveries SET next_attempt_at = now() - interval '16 minutes' WHERE id = {waiting_delivery}`},
	{"deliveries_move", "one that nobody takes from the lane of an endpoint that works", `UPDATE webhook_deliveries SET parked = true, next_attempt_at = now() - interval '16 minutes' WHERE id = {waiting_delivery}`},
	{"deliveries_have_events", "a delivery of nothing", `DELETE FROM events WHERE id = (SELECT event_id FROM webhook_deliveries WHERE id = {delivered}); UPDATE payments SET created_at = '-infinity' WHERE id = {canceled};
		INSERT INTO webhook_history (forgotten_before) VALUES ('2000-01-01')`},
	{"deliveries_have_events", "a delivery to another merchant's endpoint", `INSERT INTO merchants (id, name, email, created_at) VALUES (gen_random_uuid(), 'Other', 'other@example.com', now());
		UPDATE webhook_endpoints SET merchant_id = (SELECT id FROM merchants WHERE name = 'Other') WHERE id = {endpoint}; DELETE FROM webhook_deliveries WHERE id <> {delivered}`},
	{"deliveries_have_jobs", "a delivery without its job", `DELETE FROM river_job WHERE args ->> 'delivery_id' = {waiting_delivery}`},
	{"deliveries_have_jobs", "a delivery with the job of another step", `ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_check; UPDATE webhook_deliveries SET step = 3 WHERE id = {waiting_delivery}`},
	{"deliveries_wait_for_endpoints", "a pause that nobody ended", `UPDATE webhook_endpoints SET updated_at = now() - interval '1 hour';
		UPDATE webhook_deliveries SET status = 'paused', parked = true, next_attempt_at = NULL, updated_at = now() - interval '16 minutes' WHERE id = {waiting_delivery}`},
	{"deliveries_wait_for_endpoints", "a delivery to an endpoint that is gone", `UPDATE webhook_endpoints SET updated_at = now() - interval '1 hour', deleted_at = now() - interval '1 hour';
		UPDATE webhook_deliveries SET parked = true, updated_at = now() - interval '16 minutes' WHERE id = {waiting_delivery}`},
	{"attempts_are_counted", "an attempt that was not kept", `DELETE FROM webhook_attempts; UPDATE webhook_deliveries SET status = 'exhausted' WHERE id = {delivered}`},
	{"attempts_are_counted", "a success that there was not", `UPDATE webhook_attempts SET outcome = 'failure', error_class = 'status', response_code = 500`},
	{"charges_are_ours", "a charge that we know nothing of", `INSERT INTO acquirer.operations SELECT 'pay_none', kind, 'pay_none', amount, currency, outcome, status, code, captured, refunded, canceled, created_at, updated_at FROM acquirer.operations WHERE reference = {failed}`},
	{"charges_are_ours", "a charge before its beginning", `UPDATE acquirer.operations SET reference = {pending}, payment_reference = {pending}, amount = 900 WHERE reference = {waiting};
		UPDATE payments SET status = 'processing', next_action_url = NULL, expires_at = NULL WHERE id = {waiting};
		DELETE FROM river_job WHERE args ->> 'payment_id' = {waiting}; INSERT INTO river_job (kind, args, max_attempts, queue) VALUES ('process_payment', jsonb_build_object('payment_id', {waiting}), 1, 'payments')`},
	{"charges_are_ours", "a charge of another amount", `UPDATE acquirer.operations SET amount = amount + 1 WHERE reference = {failed}`},
	{"outcomes_agree", "less captured than we say", `UPDATE acquirer.operations SET captured = captured - 1 WHERE reference = {captured}`},
	{"outcomes_agree", "a success that the bank declined", `UPDATE acquirer.operations SET status = 'declined', code = 'card_declined', captured = 0, refunded = 0 WHERE reference = {paid}`},
	{"outcomes_agree", "a failure that was taken", `UPDATE acquirer.operations SET status = 'approved', code = NULL, captured = amount WHERE reference = {failed}`},
	{"outcomes_agree", "a failure that was guessed", `DELETE FROM acquirer.operations WHERE reference = {failed}`},
	{"outcomes_agree", "a hold that the bank released", `UPDATE acquirer.operations SET canceled = true WHERE reference = {held}`},
	{"outcomes_agree", "a cancellation that the bank never heard of", `UPDATE acquirer.operations SET canceled = false WHERE reference = {canceled}`},
	{"refunds_are_paid", "a refund that the bank declined", `UPDATE acquirer.operations SET status = 'declined', code = 'refund_failed' WHERE reference = {refund}`},
	{"refunds_are_paid", "a refund that was not sent", `DELETE FROM acquirer.operations WHERE reference = {refund}`},
	{"refunds_are_paid", "a refund that failed by guess", `DELETE FROM acquirer.operations WHERE reference = {failed_refund}`},
	{"refunds_are_paid", "a refund that failed, and was paid", `UPDATE acquirer.operations SET status = 'approved', code = NULL WHERE reference = {failed_refund}`},
	{"refunds_are_paid", "a refund of another amount", `UPDATE acquirer.operations SET amount = amount - 1 WHERE reference = {refund}`},
	{"refunds_are_paid", "a refund that is not ours", `INSERT INTO acquirer.operations SELECT 'rfnd_none', kind, payment_reference, amount, currency, outcome, status, code, captured, refunded, canceled, created_at, updated_at FROM acquirer.operations WHERE reference = {refund}`},
}

func TestEveryCheckSeesWhatItIsFor(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	require.Empty(t, ill(t, c.pool), "sound records")

	seen := make(map[string]bool)
	for _, p := range plants {
		// Each in a transaction that never ends, tables and all.
		tx, err := c.pool.Begin(t.Context())
		require.NoError(t, err)
		for sql := range strings.SplitSeq(c.spell(p.sql), ";") {
			_, err = tx.Exec(t.Context(), sql)
			require.NoError(t, err, p.what)
		}
		require.Equal(t, map[string]int64{p.check: 1}, ill(t, tx), p.what)
		require.NoError(t, tx.Rollback(t.Context()))
		seen[p.check] = true
	}
	findings, err := doctor.Examine(t.Context(), c.pool, doctor.Options{})
	require.NoError(t, err)
	for _, f := range findings {
		require.True(t, seen[f.Name], "nothing is planted for %s", f.Name)
	}
}

// What is removed after its time is not missed.
func TestForgottenHistory(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	later := func() time.Time { return time.Now().Add(200 * 24 * time.Hour) }
	deliveries, events, err := (&webhooks.Retention{DB: c.pool, Keep: webhooks.DefaultRetention, Now: later}).Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, deliveries)
	require.Greater(t, events, 20)
	require.Empty(t, ill(t, c.pool))

	c.pay(t, "new", false, payments.CreateParams{Amount: 900, Currency: "INR"})
	_, err = c.pool.Exec(t.Context(), c.spell(`UPDATE payments SET created_at = now() + interval '200 days' WHERE id = {new}`))
	require.NoError(t, err)
	require.Empty(t, ill(t, c.pool))
	_, err = c.pool.Exec(t.Context(), c.spell(`DELETE FROM events WHERE payment_id = {new}`))
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"payment_events": 1}, ill(t, c.pool), "what happened since is missed")
}
