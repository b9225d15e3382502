package payments_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/db/pipeline"
	"paygate/doctor"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/payments"
	"paygate/processor"
)

// house is a gateway over a database of its own: an acquirer, and services that know of each other as
// little as those of several processes do.
type house struct {
	url      string
	pool     *pgxpool.Pool
	bank     *processor.Simulator
	services []*payments.Service
	options  []payments.Options // of the services
	merchant uuid.UUID
	// ahead is how far the services' clock is before the real one, in nanoseconds.
	ahead atomic.Int64
}

// houseOptions of newHouse; zero values mean one service and an acquirer without faults.
type houseOptions struct {
	services int
	bank     processor.Config
	service  payments.Options
	// deaf leaves the acquirer's notifications unheard.
	deaf bool
}

func newHouse(tb testing.TB, opts houseOptions) *house {
	tb.Helper()
	h := &house{url: dbtest.URL(tb)}
	h.pool = h.open(tb)
	if opts.bank.Notify == nil && !opts.deaf {
		opts.bank.Notify = func(ctx context.Context, reference string) error { return h.services[0].Resume(ctx, reference) }
	}
	opts.bank.Logger = slog.New(slog.DiscardHandler)
	var err error
	h.bank, err = processor.NewSimulator(h.pool, opts.bank)
	require.NoError(tb, err)
	for range max(opts.services, 1) {
		h.startService(tb, opts.service)
	}
	tb.Cleanup(func() {
		for _, s := range h.services {
			require.NoError(tb, s.Close(context.Background()))
		}
		require.NoError(tb, h.bank.Close(context.Background()))
	})
	h.merchant = h.newMerchant(tb, payments.Fee{BasisPoints: 200})
	return h
}

// open connects as another process would.
func (h *house) open(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return h.openAs(tb, "payments_test")
}

func (h *house) openAs(tb testing.TB, name string) *pgxpool.Pool {
	tb.Helper()
	pool, err := db.Open(tb.Context(), h.url, db.PoolOptions{ApplicationName: name, MaxConns: 6})
	require.NoError(tb, err)
	tb.Cleanup(pool.Close)
	return pool
}

// serviceName is how the sessions of services, and no others, are called.
const serviceName = "payments_test_service"

func (h *house) startService(tb testing.TB, opts payments.Options) {
	tb.Helper()
	opts.DB = h.openAs(tb, serviceName)
	queue, err := river.NewClient(pipeline.NewDriver(opts.DB), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(tb, err)
	opts.Queue, opts.Now = queue, h.now
	if opts.Acquirer == nil {
		opts.Acquirer = h.bank
	}
	h.services, h.options = append(h.services, payments.New(opts)), append(h.options, opts)
}

// restart has the services end what they have begun, and starts them again. Before it, a caller that hung
// up may have left something that is committed later, and a pool may hold sessions that were cut.
func (h *house) restart(tb testing.TB) {
	tb.Helper()
	for i, s := range h.services {
		require.NoError(tb, s.Close(context.Background()))
		h.options[i].DB.Reset()
		h.services[i] = payments.New(h.options[i])
	}
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

func (h *house) newMerchant(tb testing.TB, fee payments.Fee) uuid.UUID {
	tb.Helper()
	id := uuid.New()
	_, err := h.pool.Exec(tb.Context(), `INSERT INTO merchants (id, name, email, created_at, fee_bps, fee_fixed) VALUES ($1, 'Test', 'test@example.com', now(), $2, $3)`,
		id, fee.BasisPoints, fee.Fixed)
	require.NoError(tb, err)
	return id
}

// any picks the service of the n-th caller.
func (h *house) any(n int) *payments.Service { return h.services[n%len(h.services)] }

// answer is what a caller of the API sees.
type answer struct {
	code fault.Code // empty when it is a resource
	body []byte
	// replayed is idempotency.Response.Replayed.
	replayed bool
}

func (a answer) payment(tb require.TestingT) *payments.Payment {
	return decode[payments.Payment](tb, a)
}

func (a answer) refund(tb require.TestingT) *payments.Refund { return decode[payments.Refund](tb, a) }

func decode[T any](tb require.TestingT, a answer) *T {
	require.Empty(tb, a.code, "%s", a.body)
	out := new(T)
	require.NoError(tb, json.Unmarshal(a.body, out))
	return out
}

// statuses of refusals that are remembered, or not, as over HTTP.
var statuses = map[fault.Code]int{fault.OrderMismatch: 400, fault.Unavailable: 503, fault.NotFound: 404, fault.RefundTooLarge: 422, fault.CaptureTooLarge: 422}

type refusal struct {
	Code fault.Code `json:"code"`
}

// claim is that of a request with this key (empty for none) and content.
func (h *house) claim(merchant uuid.UUID, route, key, content string) *idempotency.Claim {
	return &idempotency.Claim{
		MerchantID: merchant, Route: route, Key: key, Fingerprint: sha256.Sum256([]byte(route + "\x00" + content)),
		Render: func(resource any, err error) idempotency.Response {
			status := 200
			if err != nil {
				code := fault.CodeOf(err)
				if status = statuses[code]; status == 0 {
					status = 409
				}
				resource = refusal{code}
			}
			body, err := json.Marshal(resource)
			if err != nil {
				panic(err)
			}
			return idempotency.Response{Status: status, Body: body}
		},
	}
}

// answered reads an outcome: the code of a refusal is the same whether it was remembered or not. Any
// error that a caller may not see fails the test.
func answered(tb require.TestingT, response idempotency.Response, err error) answer {
	if err != nil {
		code := fault.CodeOf(err)
		require.NotEqual(tb, fault.Internal, code, "%v", err)
		return answer{code: code}
	}
	out := answer{body: response.Body, replayed: response.Replayed}
	if response.Status != 200 {
		var r refusal
		require.NoError(tb, json.Unmarshal(response.Body, &r))
		out.code = r.Code
	}
	return out
}

func (h *house) pay(tb require.TestingT, s *payments.Service, params payments.CreateParams) answer {
	if params.MerchantID == uuid.Nil {
		params.MerchantID = h.merchant
	}
	response, err := s.Create(context.Background(), h.claim(params.MerchantID, "POST /payments", "", ""), params)
	return answered(tb, response, err)
}

func (h *house) capture(tb require.TestingT, s *payments.Service, id string, amount *int64) answer {
	response, err := s.Capture(context.Background(), h.claim(h.merchant, "POST /payments/:id/capture", "", ""),
		payments.CaptureParams{MerchantID: h.merchant, PaymentID: id, Amount: amount})
	return answered(tb, response, err)
}

func (h *house) cancel(tb require.TestingT, s *payments.Service, id string) answer {
	response, err := s.Cancel(context.Background(), h.claim(h.merchant, "POST /payments/:id/cancel", "", ""), h.merchant, id)
	return answered(tb, response, err)
}

func (h *house) refund(tb require.TestingT, s *payments.Service, id string, amount *int64) answer {
	response, err := s.CreateRefund(context.Background(), h.claim(h.merchant, "POST /refunds", "", ""),
		payments.RefundParams{MerchantID: h.merchant, PaymentID: id, Amount: amount})
	return answered(tb, response, err)
}

func (h *house) payment(tb require.TestingT, id string) *payments.Payment {
	payment, err := h.services[0].Payment(context.Background(), h.merchant, id)
	require.NoError(tb, err)
	return payment
}

func (h *house) order(tb require.TestingT, params payments.OrderParams) *payments.Order {
	var order *payments.Order
	err := db.InTx(context.Background(), h.pool, func(tx pgx.Tx) (err error) {
		order, err = h.services[0].CreateOrder(context.Background(), tx, params)
		return err
	})
	require.NoError(tb, err)
	return order
}

// held is an authorized payment of this amount.
func (h *house) held(tb require.TestingT, amount int64) string {
	id := h.pay(tb, h.services[0], payments.CreateParams{Amount: amount, Currency: "INR", Capture: payments.CaptureManual}).payment(tb).ID
	require.NoError(tb, h.services[0].Process(context.Background(), id))
	require.Equal(tb, payments.Authorized, h.payment(tb, id).Status)
	return id
}

// paid is a successful payment of this amount.
func (h *house) paid(tb require.TestingT, params payments.CreateParams) string {
	id := h.pay(tb, h.services[0], params).payment(tb).ID
	require.NoError(tb, h.services[0].Process(context.Background(), id))
	require.Equal(tb, payments.Success, h.payment(tb, id).Status)
	return id
}

// job is one in River's table.
type job struct {
	id       int64
	kind, of string
}

// jobs lists what is to be done, oldest first.
func (h *house) jobs(tb require.TestingT) []job {
	rows, err := h.pool.Query(context.Background(), `
		SELECT id, kind, coalesce(args ->> 'payment_id', args ->> 'refund_id') FROM river_job
		WHERE queue = 'payments' AND state = 'available' ORDER BY id`)
	require.NoError(tb, err)
	jobs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (j job, err error) {
		return j, row.Scan(&j.id, &j.kind, &j.of)
	})
	require.NoError(tb, err)
	return jobs
}

// run does what the worker of a job's kind does.
func run(s *payments.Service, j job) error {
	switch j.kind {
	case payments.ProcessPaymentArgs{}.Kind():
		return s.Process(context.Background(), j.of)
	case payments.FinishPaymentArgs{}.Kind():
		return s.Finish(context.Background(), j.of)
	default:
		return s.ProcessRefund(context.Background(), j.of)
	}
}

// complete takes a job off the queue, as River does.
func (h *house) complete(tb require.TestingT, ids ...int64) {
	_, err := h.pool.Exec(context.Background(), `DELETE FROM river_job WHERE id = ANY ($1)`, ids)
	require.NoError(tb, err)
}

// work runs every job until none is left, those that the acquirer leaves open again. What keeps
// failing fails the test.
func (h *house) work(tb require.TestingT) {
	for range 20 {
		jobs := h.jobs(tb)
		if len(jobs) == 0 {
			return
		}
		for n, j := range jobs {
			err := run(h.any(n), j)
			if _, open := errors.AsType[*payments.Unresolved](err); open {
				continue
			}
			require.NoError(tb, err)
			h.complete(tb, j.id)
		}
	}
	require.Fail(tb, "jobs never end", "%v", h.jobs(tb))
}

// examine fails the test when an invariant does not hold now that nothing is under way.
func (h *house) examine(tb require.TestingT) {
	findings, err := doctor.Examine(context.Background(), h.pool, doctor.Options{Settled: time.Nanosecond, Stuck: time.Nanosecond, Now: h.now})
	require.NoError(tb, err)
	for _, f := range findings {
		require.Zero(tb, f.Violations, "%s: %s", f.Name, f.Meaning)
	}
	// A deadlock is mended by trying again, but somebody waited a second for it.
	require.Zero(tb, h.count(tb, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`), "deadlocks")
}

// events counts the events about a payment, or a refund of it, by type.
func (h *house) events(tb require.TestingT, paymentID string) map[string]int {
	rows, err := h.pool.Query(context.Background(), `SELECT type FROM events WHERE payment_id = $1`, paymentID)
	require.NoError(tb, err)
	types, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(tb, err)
	counts := make(map[string]int)
	for _, kind := range types {
		counts[kind]++
	}
	return counts
}

// count returns the number that a query gives.
func (h *house) count(tb require.TestingT, sql string, args ...any) int64 {
	var n int64
	require.NoError(tb, h.pool.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// card is a test card that the bank treats in the given way.
func card(outcome processor.Outcome) *processor.Card {
	all := processor.TestInstruments()
	i := slices.IndexFunc(all, func(t processor.TestInstrument) bool {
		return t.Method == processor.MethodCard && t.Outcome == outcome
	})
	return &processor.Card{Number: all[i].Value, ExpMonth: 12, ExpYear: time.Now().Year() + 2, CVC: "123"}
}

// byCard is a payment of 50000 INR with such a card.
func byCard(outcome processor.Outcome) payments.CreateParams {
	return payments.CreateParams{Amount: 50000, Currency: "INR", Method: processor.MethodCard, Card: card(outcome)}
}
