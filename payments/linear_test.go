package payments_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
)

// What callers do with one payment that is held, and what they are told.
type (
	request struct {
		kind   string // read, capture, cancel, refund
		amount int64
	}
	reply struct {
		// unknown is a caller who hung up, or whose answer was lost: it happened, or will, or never will.
		unknown bool
		code    fault.Code
		view
	}
	// view is what a payment shows to its readers.
	view struct {
		status             payments.Status
		captured, refunded int64
	}
	// heldState is a view, and what was decided.
	heldState struct {
		view
		operation string
		amount    int64
	}
)

const heldAmount = 1000

// register is a held payment as its callers may think of it: each call happens at one moment between
// its beginning and its end. What the workers do is a call too.
var register = porcupine.NondeterministicModel{
	Init: func() []any { return []any{heldState{view: view{status: payments.Authorized}}} },
	Step: func(state, input, output any) []any {
		s, in, out := state.(heldState), input.(request), output.(reply)
		next, want := s.after(in)
		if out.unknown {
			return []any{s, next}
		}
		if want != out.code || want == "" && in.kind != "work" && in.kind != "refund" && out.view != s.view {
			return nil
		}
		return []any{next}
	},
	Equal: func(a, b any) bool { return a.(heldState) == b.(heldState) },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v → %+v", input, output)
	},
}

// after is the state behind a call, and the code with which it is refused.
func (s heldState) after(in request) (heldState, fault.Code) {
	switch in.kind {
	case "capture", "cancel":
		goal, refused := payments.Success, fault.PaymentNotCapturable
		if in.kind == "cancel" {
			goal, refused = payments.Canceled, fault.PaymentNotCancelable
		}
		if s.operation == in.kind && s.amount == in.amount && (s.status == payments.Authorized || s.status == goal) {
			return s, ""
		}
		if s.operation != "" || s.status != payments.Authorized {
			return s, refused
		}
		s.operation, s.amount = in.kind, in.amount
	case "refund":
		if s.status != payments.Success {
			return s, fault.PaymentNotRefundable
		}
		if in.amount > s.captured-s.refunded {
			return s, fault.RefundTooLarge
		}
		s.refunded += in.amount
	case "work":
		switch {
		case s.status != payments.Authorized:
		case s.operation == "capture":
			s.status, s.captured = payments.Success, s.amount
		case s.operation == "cancel":
			s.status = payments.Canceled
		}
	}
	return s, ""
}

// Several callers and workers, over several services, call as they like while callers hang up, sessions
// are cut on the server, and the acquirer comes and goes. Whatever each was told, there is an order of
// the calls that explains it.
func TestHistoriesAreLinearizable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 3})
	const histories, clients, each = 30, 5, 6
	unknown := 0
	for n := range histories {
		id := h.held(t, heldAmount)
		r := &recorder{begin: time.Now()}
		atOnce(clients, func(client int) error {
			dice := rand.New(rand.NewPCG(uint64(n), uint64(client)))
			for range each {
				h.step(t, r, client, id, dice)
			}
			return nil
		})
		h.bank.SetDown(false)
		result := porcupine.CheckOperationsTimeout(register.ToModel(), r.operations, 20*time.Second)
		require.Equal(t, porcupine.Ok, result, "history %d: %v", n, r)
		for _, o := range r.operations {
			if o.Output.(reply).unknown {
				unknown++
			}
		}
		h.restart(t)
		h.work(t)
	}
	h.examine(t)
	t.Logf("%d of %d calls were never answered", unknown, histories*clients*each)
}

// The checker itself refuses what must not be: both refunds granted, or money that comes back.
func TestImpossibleHistories(t *testing.T) {
	t.Parallel()
	success := view{payments.Success, heldAmount, 0}
	done := []porcupine.Operation{
		{Input: request{"capture", heldAmount}, Output: reply{view: view{status: payments.Authorized}}, Call: 0, Return: 1},
		{Input: request{"work", 0}, Output: reply{}, Call: 2, Return: 3},
		{Input: request{"read", 0}, Output: reply{view: success}, Call: 4, Return: 5},
	}
	require.True(t, porcupine.CheckOperations(register.ToModel(), done))
	for name, more := range map[string][]porcupine.Operation{
		"two refunds": {
			{ClientId: 1, Input: request{"refund", 600}, Output: reply{}, Call: 6, Return: 8},
			{ClientId: 2, Input: request{"refund", 600}, Output: reply{}, Call: 6, Return: 8},
		},
		"a stale read": {
			{ClientId: 1, Input: request{"refund", 600}, Output: reply{}, Call: 6, Return: 7},
			{ClientId: 2, Input: request{"read", 0}, Output: reply{view: success}, Call: 8, Return: 9},
		},
		"a canceled capture": {
			{ClientId: 1, Input: request{"cancel", 0}, Output: reply{view: success}, Call: 6, Return: 7},
		},
	} {
		require.False(t, porcupine.CheckOperations(register.ToModel(), append(slices.Clone(done), more...)), name)
	}
}

// recorder is a history.
type recorder struct {
	begin      time.Time
	mu         sync.Mutex
	operations []porcupine.Operation
}

func (r *recorder) String() string {
	var text string
	for _, o := range r.operations {
		text += fmt.Sprintf("\n%d: %d–%d %+v → %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
	return text
}

func (r *recorder) record(client int, in request, call func() reply) {
	from := time.Since(r.begin)
	out := call()
	to := time.Since(r.begin)
	r.mu.Lock()
	defer r.mu.Unlock()
	if out.unknown {
		// It may still come; its client goes on, so the call gets one of its own.
		to, client = time.Hour, 1000+len(r.operations)
	}
	r.operations = append(r.operations, porcupine.Operation{ClientId: client, Input: in, Call: int64(from), Output: out, Return: int64(to)})
}

// step is one call of a client.
func (h *house) step(t *testing.T, r *recorder, client int, id string, dice *rand.Rand) {
	t.Helper()
	in := request{kind: []string{"read", "capture", "cancel", "refund", "refund", "work", "work", "read"}[dice.IntN(8)]}
	switch in.kind {
	case "capture":
		in.amount = 600 + 100*dice.Int64N(2)
	case "refund":
		in.amount = 1 + dice.Int64N(300)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if dice.IntN(6) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(dice.IntN(4000))*time.Microsecond)
		defer cancel()
	}
	service := h.any(dice.IntN(len(h.services)))
	h.spoil(t, dice)
	r.record(client, in, func() reply { return h.tell(ctx, service, in, id) })
}

// tell makes a call and reads the outcome.
func (h *house) tell(ctx context.Context, s *payments.Service, in request, id string) reply {
	var a answer
	switch in.kind {
	case "read":
		payment, err := s.Payment(ctx, h.merchant, id)
		if err != nil {
			return reply{unknown: true}
		}
		return reply{view: view{payment.Status, payment.AmountCaptured, payment.AmountRefunded}}
	case "work":
		return reply{unknown: s.Finish(ctx, id) != nil}
	case "capture":
		response, err := s.Capture(ctx, h.claim(h.merchant, "c", "", ""), payments.CaptureParams{MerchantID: h.merchant, PaymentID: id, Amount: &in.amount})
		if err != nil {
			return reply{unknown: true}
		}
		a = answered(panicker{}, response, nil)
	case "cancel":
		response, err := s.Cancel(ctx, h.claim(h.merchant, "c", "", ""), h.merchant, id)
		if err != nil {
			return reply{unknown: true}
		}
		a = answered(panicker{}, response, nil)
	case "refund":
		response, err := s.CreateRefund(ctx, h.claim(h.merchant, "r", "", ""), payments.RefundParams{MerchantID: h.merchant, PaymentID: id, Amount: &in.amount})
		if err != nil {
			return reply{unknown: true}
		}
		return reply{code: answered(panicker{}, response, nil).code}
	}
	if a.code != "" {
		return reply{code: a.code}
	}
	payment := a.payment(panicker{})
	return reply{view: view{payment.Status, payment.AmountCaptured, payment.AmountRefunded}}
}

// panicker is for what cannot fail.
type panicker struct{}

func (panicker) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panicker) FailNow()                          { panic("failed") }

// spoil now and then cuts a session of the services on the server, while it works for somebody, and lets
// the acquirer come and go.
func (h *house) spoil(t *testing.T, dice *rand.Rand) {
	t.Helper()
	h.bank.SetDown(dice.IntN(4) == 0)
	if dice.IntN(12) == 0 {
		_, err := h.pool.Exec(context.Background(), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = $1 AND state <> 'idle' LIMIT 1`, serviceName)
		require.NoError(t, err)
	}
}
