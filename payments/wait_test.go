package payments_test

import (
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/payments"
	"paygate/processor"
)

// A hold is canceled when its time is over, not before, and only once; many of them in batches.
func TestHoldsExpire(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{service: payments.Options{AuthorizationLifetime: time.Hour}})
	const many = 230 // more than two batches
	atOnce(many, func(int) string { return h.held(t, 100) })
	kept := h.held(t, 100)
	h.capture(t, h.services[0], kept, nil).payment(t)

	n, err := h.services[0].Expire(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	h.ahead.Store(int64(time.Hour + time.Second))
	fresh := h.held(t, 100)
	n, err = h.services[0].Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, many, n)
	n, err = h.services[0].Expire(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)

	h.work(t)
	require.EqualValues(t, many, h.count(t, `SELECT count(*) FROM payments WHERE status = 'canceled'`))
	require.Equal(t, payments.Success, h.payment(t, kept).Status)
	require.Equal(t, payments.Authorized, h.payment(t, fresh).Status)
	h.examine(t)
}

// A customer who never comes back ends the payment, and frees the order; one who comes too late finds
// it canceled at the bank too.
func TestActionsExpire(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	order := h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 100, Currency: "INR"})
	params := payments.CreateParams{OrderID: order.ID, Method: processor.MethodNetbanking, Bank: "REDIRECT"}
	id := h.pay(t, h.services[0], params).payment(t).ID
	h.work(t)
	h.ahead.Store(int64(payments.DefaultActionLifetime))
	n, err := h.services[0].Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	h.work(t)
	require.Equal(t, payments.Canceled, h.payment(t, id).Status)

	result, err := h.bank.CompleteAction(t.Context(), id, true)
	require.NoError(t, err)
	require.Equal(t, processor.StatusDeclined, result.Status)
	h.work(t)
	require.Equal(t, payments.Canceled, h.payment(t, id).Status)
	h.pay(t, h.services[0], params).payment(t)
	h.work(t)
	h.examine(t)
}

// The news of a customer's step may come at any time, in any number, and about anything.
func TestResume(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{deaf: true})
	service := h.services[0]
	require.NoError(t, service.Resume(t.Context(), "pay_unknown"))

	pending := h.pay(t, service, byCard(processor.OutcomeRequiresAction)).payment(t).ID
	require.NoError(t, service.Resume(t.Context(), pending), "before anybody asked")
	require.Len(t, h.jobs(t), 1)
	h.work(t)

	// Told too early, it waits again; told late, it goes on.
	require.NoError(t, service.Resume(t.Context(), pending))
	require.Equal(t, payments.Processing, h.payment(t, pending).Status)
	h.work(t)
	require.Equal(t, payments.RequiresAction, h.payment(t, pending).Status)
	_, err := h.bank.CompleteAction(t.Context(), pending, true)
	require.NoError(t, err)
	atOnce(5, func(int) error { return service.Resume(t.Context(), pending) })
	h.work(t)
	require.Equal(t, payments.Success, h.payment(t, pending).Status)
	require.NoError(t, service.Resume(t.Context(), pending))
	require.Empty(t, h.jobs(t))

	// Never told, a job that runs for any other reason finds out.
	lost := h.pay(t, service, byCard(processor.OutcomeRequiresAction)).payment(t).ID
	h.work(t)
	_, err = h.bank.CompleteAction(t.Context(), lost, false)
	require.NoError(t, err)
	require.NoError(t, service.Process(t.Context(), lost))
	require.Equal(t, payments.Failed, h.payment(t, lost).Status)
	require.Equal(t, processor.CodeAuthenticationFailed, *h.payment(t, lost).FailureCode)
	h.examine(t)
}

// The customer acts, and the bank says so, between the acquirer's answer and our settlement: the older
// answer must not be the last word.
func TestCustomerOvertakesSettlement(t *testing.T) {
	t.Parallel()
	for _, settlesFirst := range []bool{true, false} {
		h := newHouse(t, houseOptions{services: 2})
		id := h.pay(t, h.services[0], byCard(processor.OutcomeRequiresAction)).payment(t).ID
		h.services[1].FailAt(func(step payments.Step) {
			if step != "charged" {
				return
			}
			h.services[1].FailAt(nil)
			_, err := h.bank.CompleteAction(t.Context(), id, true)
			require.NoError(t, err)
			if !settlesFirst {
				require.NoError(t, h.services[0].Process(t.Context(), id))
			}
		})
		require.NoError(t, h.services[1].Process(t.Context(), id))
		h.work(t)
		require.Equal(t, payments.Success, h.payment(t, id).Status)
		h.examine(t)
	}
}

// What the acquirer does not tell is asked again, without end, more and more rarely; nothing is guessed.
func TestOutageIsWaitedOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	id := h.pay(t, h.services[0], payments.CreateParams{Amount: 100, Currency: "INR"}).payment(t).ID
	held := h.held(t, 100)
	h.capture(t, h.services[0], held, nil).payment(t)
	refund := h.refund(t, h.services[0], h.paid(t, payments.CreateParams{Amount: 100, Currency: "INR"}), nil).refund(t).ID
	h.bank.SetDown(true)
	require.Error(t, h.services[0].Process(t.Context(), id)) // begins
	for _, c := range []struct{ age, retry time.Duration }{
		{time.Second, time.Second},
		{time.Minute, 15 * time.Second},
		{time.Hour, 5 * time.Minute},
		{30 * 24 * time.Hour, 5 * time.Minute},
	} {
		h.ahead.Store(int64(c.age))
		for _, err := range []error{
			h.services[0].Process(t.Context(), id), h.services[0].Finish(t.Context(), held), h.services[0].ProcessRefund(t.Context(), refund),
		} {
			open := new(payments.Unresolved)
			require.ErrorAs(t, err, &open)
			require.ErrorIs(t, err, processor.ErrUnavailable)
			require.InDelta(t, c.age.Seconds(), open.Age.Seconds(), 30)
			require.InDelta(t, c.retry.Seconds(), open.Retry.Seconds(), 10)
		}
	}
	require.Equal(t, payments.Processing, h.payment(t, id).Status)
	require.Equal(t, payments.Authorized, h.payment(t, held).Status)
	h.ahead.Store(0)
	h.bank.SetDown(false)
	h.work(t)
	h.examine(t)
}

// The same with River itself: both kinds of time-out, of a charge and of a refund, end by themselves and
// use up no attempts.
func TestTimeOutsThroughRiver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	open := map[string]bool{}
	for _, outcome := range []processor.Outcome{processor.OutcomeTimeoutCharged, processor.OutcomeTimeoutNotCharged} {
		open[h.pay(t, h.services[0], byCard(outcome)).payment(t).ID] = true
	}
	paid := h.paid(t, byCard(processor.OutcomeRefundTimeout))
	h.complete(t, idsOf(h.jobs(t))[2])
	open[h.refund(t, h.services[0], paid, nil).refund(t).ID] = true

	client, err := newWorker(h.open(t), h.services[0])
	require.NoError(t, err)
	ended, unsubscribe := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobSnoozed, river.EventKindJobFailed, river.EventKindJobCancelled)
	defer unsubscribe()
	require.NoError(t, client.Start(t.Context()))
	snoozed := 0
	for len(open) > 0 {
		event := <-ended
		switch event.Kind {
		case river.EventKindJobSnoozed:
			snoozed++
		case river.EventKindJobCompleted:
			require.Equal(t, 1, event.Job.Attempt)
			for id := range open {
				if string(event.Job.EncodedArgs) == `{"payment_id": "`+id+`"}` || string(event.Job.EncodedArgs) == `{"refund_id": "`+id+`"}` {
					delete(open, id)
				}
			}
		default:
			require.Fail(t, "a job failed", "%v", event.Job.Errors)
		}
	}
	require.NoError(t, client.Stop(t.Context()))
	require.Equal(t, 3, snoozed)
	require.EqualValues(t, 3, h.count(t, `SELECT count(*) FROM payments WHERE status = 'success'`))
	require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM refunds WHERE status = 'processed'`))
	h.examine(t)
}
