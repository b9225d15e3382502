package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/page"
	"paygate/payments"
	"paygate/webhooks"
)

func TestPayments(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})

	const card = `,"exp_month":12,"exp_year":2049,"cvc":"123"}`
	for name, p := range map[string]struct {
		method  string // members of the body beside amount and currency
		state   payments.Status
		failure string
	}{
		"AmountAlone":      {``, payments.Success, ""},
		"Card":             {`,"method":"card","card":{"number":"5555555555554444"` + card, payments.Success, ""},
		"CardOrdinary":     {`,"method":"card","card":{"number":"4111111111111111"` + card, payments.Success, ""},
		"CardDeclined":     {`,"method":"card","card":{"number":"4000000000000002"` + card, payments.Failed, "card_declined"},
		"CardInsufficient": {`,"method":"card","card":{"number":"4000000000009995"` + card, payments.Failed, "insufficient_funds"},
		"CardSlow":         {`,"method":"card","card":{"number":"4000000000001000"` + card, payments.Success, ""},
		"CardTimeout":      {`,"method":"card","card":{"number":"4000000000001018"` + card, payments.Success, ""},
		"CardLost":         {`,"method":"card","card":{"number":"4000000000001026"` + card, payments.Success, ""},
		"Card3DS":          {`,"method":"card","card":{"number":"4000002760003184"` + card, payments.RequiresAction, ""},
		"CardHeld":         {`,"capture":"manual","method":"card","card":{"number":"4242424242424242"` + card, payments.Authorized, ""},
		"UPI":              {`,"method":"upi","vpa":"success@paygate"`, payments.Success, ""},
		"UPIOrdinary":      {`,"method":"upi","vpa":"Asha.Rao-1@okbank"`, payments.Success, ""},
		"UPIDeclined":      {`,"method":"upi","vpa":"failure@paygate"`, payments.Failed, "payment_declined"},
		"UPIHeld":          {`,"method":"upi","vpa":"success@paygate","capture":"manual"`, payments.Authorized, ""},
		"Netbanking":       {`,"method":"netbanking","bank":"HDFC"`, payments.Success, ""},
		"NetbankingFails":  {`,"method":"netbanking","bank":"FAILURE"`, payments.Failed, "payment_declined"},
		"NetbankingWaits":  {`,"method":"netbanking","bank":"REDIRECT"`, payments.RequiresAction, ""},
		"NullsAreNothing":  {`,"method":null,"card":null,"vpa":null,"bank":null,"order_id":null,"capture":null`, payments.Success, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			shop := a.newCaller(t)
			payment := shop.settled(t, shop.pay(t, `{"amount":50000,"currency":"INR"`+p.method+`}`).ID, p.state)
			if p.failure != "" {
				require.Equal(t, p.failure, *payment.FailureCode)
				require.NotEmpty(t, payment.FailureMessage)
			}
			var captured int64
			if p.state == payments.Success {
				captured = 50000
			}
			require.Equal(t, captured, payment.AmountCaptured)
			if p.state == payments.RequiresAction {
				require.Equal(t, "http://acquirer.test/actions/"+payment.ID, payment.NextAction.URL)
			}
			events := as[page.List[webhooks.EventView]](t, shop.get(t, "/api/v1/events"), http.StatusOK).Data
			require.Len(t, events, 2)
			require.Equal(t, "payment."+string(p.state), events[0].Type)
			require.Equal(t, "payment.created", events[1].Type)
			if p.state != payments.Success {
				requireProblem(t, shop.post(t, "/api/v1/payments/"+payment.ID+"/refunds", ""), http.StatusConflict, fault.PaymentNotRefundable, "")
			}
		})
	}

	t.Run("CurrenciesAndBounds", func(t *testing.T) {
		t.Parallel()

		for _, body := range []string{
			`{"amount":1,"currency":"KWD"}`, `{"amount":1000000000000,"currency":"jpy"}`, `{"currency":"Usd","amount":9007}`,
		} {
			a.shop.settled(t, a.shop.pay(t, body).ID, payments.Success)
		}
	})

	t.Run("LargestBody", func(t *testing.T) {
		t.Parallel()

		body := `{"amount":1,"currency":"INR"}`
		padding := make([]byte, 256<<10-len(body))
		for i := range padding {
			padding[i] = ' '
		}
		a.shop.pay(t, string(padding)+body)
		requireProblem(t, a.shop.post(t, "/api/v1/payments", string(padding)+body+" "), http.StatusRequestEntityTooLarge, fault.BodyTooLarge, "")
	})
}

func TestOrders(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	order := func(t *testing.T, c *caller, more string) payments.Order {
		t.Helper()
		return as[payments.Order](t, c.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"`+more+`}`), http.StatusCreated)
	}
	const success, failure = `"method":"upi","vpa":"success@upi"`, `"method":"upi","vpa":"failure@upi"`

	t.Run("FailureLeavesItOpen", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		o := order(t, shop, "")
		shop.settled(t, shop.pay(t, `{"order_id":"`+o.ID+`",`+failure+`}`).ID, payments.Failed)
		require.Equal(t, payments.OrderAttempted, shop.order(t, o.ID).Status)
		shop.settled(t, shop.pay(t, `{"order_id":"`+o.ID+`",`+success+`}`).ID, payments.Success)
		require.Equal(t, payments.OrderPaid, shop.order(t, o.ID).Status)
		requireProblem(t, shop.post(t, "/api/v1/payments", `{"order_id":"`+o.ID+`",`+success+`}`), http.StatusConflict, fault.OrderPaid, "order_id")
	})

	t.Run("OneAtATime", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		o := order(t, shop, "")
		held := shop.settled(t, shop.pay(t, `{"order_id":"`+o.ID+`","capture":"manual"}`).ID, payments.Authorized)
		requireProblem(t, shop.post(t, "/api/v1/payments", `{"order_id":"`+o.ID+`"}`), http.StatusConflict, fault.OrderBusy, "order_id")
		as[payments.Payment](t, shop.post(t, "/api/v1/payments/"+held.ID+"/cancel", ""), http.StatusOK)
		eventually(t, func() bool {
			return shop.post(t, "/api/v1/payments", `{"order_id":"`+o.ID+`"}`).status == http.StatusCreated
		}, "a canceled payment makes way")
	})

	t.Run("RestatedOrNot", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		o := order(t, shop, "")
		for body, param := range map[string]string{`"amount":49999`: "amount", `"currency":"USD"`: "currency", `"amount":50000,"currency":"JPY"`: "currency"} {
			got := shop.post(t, "/api/v1/payments", `{"order_id":"`+o.ID+`",`+body+`}`)
			requireProblem(t, got, http.StatusBadRequest, fault.OrderMismatch, param)
		}
		require.Equal(t, payments.OrderCreated, shop.order(t, o.ID).Status)
		require.Equal(t, "INR", shop.pay(t, `{"order_id":"`+o.ID+`","amount":50000,"currency":"inr"}`).Currency)
	})

	t.Run("ReusableIsPaidAgain", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		o := order(t, shop, `,"reusable":true`)
		for range 3 {
			shop.settled(t, shop.pay(t, `{"order_id":"`+o.ID+`"}`).ID, payments.Success)
		}
		paid := as[page.List[webhooks.EventView]](t, shop.get(t, "/api/v1/events?type=order.paid"), http.StatusOK).Data
		require.Len(t, paid, 1, "it became paid once")
		require.Equal(t, o.ID, *paid[0].OrderID)
	})
}

func TestManualCapture(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	held := func(t *testing.T) (shop *caller, id, path string) {
		t.Helper()
		shop = a.newCaller(t)
		id = shop.settled(t, shop.pay(t, `{"amount":50000,"currency":"INR","capture":"manual"}`).ID, payments.Authorized).ID
		return shop, id, "/api/v1/payments/" + id
	}

	t.Run("AllOfIt", func(t *testing.T) {
		t.Parallel()

		shop, id, path := held(t)
		as[payments.Payment](t, shop.post(t, path+"/capture", ""), http.StatusOK)
		require.EqualValues(t, 50000, shop.moved(t, id, payments.Authorized).AmountCaptured)
		for _, body := range []string{"", "{}", `{"amount":50000}`, `{"amount":null}`} { // asked again: the payment as it is
			require.Equal(t, payments.Success, as[payments.Payment](t, shop.post(t, path+"/capture", body), http.StatusOK).Status)
		}
		requireProblem(t, shop.post(t, path+"/cancel", ""), http.StatusConflict, fault.PaymentNotCancelable, "")
		success := as[page.List[webhooks.EventView]](t, shop.get(t, "/api/v1/events?type=payment.success"), http.StatusOK).Data
		require.Len(t, success, 1)
	})

	t.Run("PartOfIt", func(t *testing.T) {
		t.Parallel()

		shop, id, path := held(t)
		requireProblem(t, shop.post(t, path+"/capture", `{"amount":50001}`), http.StatusUnprocessableEntity, fault.CaptureTooLarge, "amount")
		as[payments.Payment](t, shop.post(t, path+"/capture", `{"amount":30000}`), http.StatusOK)
		requireProblem(t, shop.post(t, path+"/capture", `{"amount":20000}`), http.StatusConflict, fault.PaymentNotCapturable, "")
		require.EqualValues(t, 30000, shop.moved(t, id, payments.Authorized).AmountCaptured)
		as[payments.Payment](t, shop.post(t, path+"/capture", `{"amount":30000}`), http.StatusOK)
		requireProblem(t, shop.post(t, path+"/capture", ""), http.StatusConflict, fault.PaymentNotCapturable, "")
		requireProblem(t, shop.post(t, path+"/refunds", `{"amount":30001}`), http.StatusUnprocessableEntity, fault.RefundTooLarge, "amount")
		require.EqualValues(t, 30000, as[payments.Refund](t, shop.post(t, path+"/refunds", ""), http.StatusCreated).Amount)
	})

	t.Run("Canceled", func(t *testing.T) {
		t.Parallel()

		shop, id, path := held(t)
		as[payments.Payment](t, shop.post(t, path+"/cancel", ""), http.StatusOK)
		requireProblem(t, shop.post(t, path+"/capture", ""), http.StatusConflict, fault.PaymentNotCapturable, "")
		require.Equal(t, payments.Canceled, shop.moved(t, id, payments.Authorized).Status)
		require.Equal(t, payments.Canceled, as[payments.Payment](t, shop.post(t, path+"/cancel", "{}"), http.StatusOK).Status)
		requireProblem(t, shop.post(t, path+"/capture", ""), http.StatusConflict, fault.PaymentNotCapturable, "")
		requireProblem(t, shop.post(t, path+"/refunds", ""), http.StatusConflict, fault.PaymentNotRefundable, "")
		events := as[page.List[webhooks.EventView]](t, shop.get(t, "/api/v1/events"), http.StatusOK).Data
		require.Equal(t, "payment.canceled", events[0].Type)
	})

	t.Run("NotHeld", func(t *testing.T) {
		t.Parallel()

		paid := a.shop.paid(t)
		requireProblem(t, a.shop.post(t, "/api/v1/payments/"+paid.ID+"/capture", ""), http.StatusConflict, fault.PaymentNotCapturable, "")
		requireProblem(t, a.shop.post(t, "/api/v1/payments/"+paid.ID+"/cancel", ""), http.StatusConflict, fault.PaymentNotCancelable, "")
	})

	t.Run("CanceledWhileTheCustomerActs", func(t *testing.T) {
		t.Parallel()

		waiting := a.shop.settled(t, a.shop.pay(t, `{"amount":1,"currency":"INR","method":"netbanking","bank":"REDIRECT"}`).ID, payments.RequiresAction)
		as[payments.Payment](t, a.shop.post(t, "/api/v1/payments/"+waiting.ID+"/cancel", ""), http.StatusOK)
		require.Equal(t, payments.Canceled, a.shop.moved(t, waiting.ID, payments.RequiresAction).Status)
	})
}

func TestRefunds(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	ended := func(t *testing.T, shop *caller, refund payments.Refund) payments.Refund {
		t.Helper()
		eventually(t, func() bool {
			refund = as[payments.Refund](t, shop.get(t, "/api/v1/refunds/"+refund.ID), http.StatusOK)
			return refund.Status != payments.RefundPending
		}, "refund %s ends", refund.ID)
		return refund
	}

	t.Run("InParts", func(t *testing.T) {
		t.Parallel()

		payment := a.shop.paid(t)
		path := "/api/v1/payments/" + payment.ID + "/refunds"
		for _, body := range []string{`{"amount":20000}`, `{"amount":1,"reason":"` + "é" + `","metadata":{"rma":"r_17"}}`} {
			require.Equal(t, payments.RefundProcessed, ended(t, a.shop, as[payments.Refund](t, a.shop.post(t, path, body), http.StatusCreated)).Status)
		}
		requireProblem(t, a.shop.post(t, path, `{"amount":30000}`), http.StatusUnprocessableEntity, fault.RefundTooLarge, "amount")
		rest := as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"payment_id":"`+payment.ID+`"}`), http.StatusCreated)
		require.EqualValues(t, 29999, rest.Amount)
		requireProblem(t, a.shop.post(t, path, ""), http.StatusUnprocessableEntity, fault.RefundTooLarge, "amount")
	})

	t.Run("OneThatFailsGivesItsAmountBack", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		payment := shop.settled(t, shop.pay(t, `{"amount":50000,"currency":"INR","method":"upi","vpa":"refund-fails@upi"}`).ID, payments.Success)
		for range 2 {
			refund := ended(t, shop, as[payments.Refund](t, shop.post(t, "/api/v1/refunds", `{"paymentId":"`+payment.ID+`"}`), http.StatusCreated))
			require.Equal(t, payments.RefundFailed, refund.Status)
			require.Equal(t, "refund_failed", *refund.FailureCode)
		}
		require.Zero(t, as[payments.Payment](t, shop.get(t, "/api/v1/payments/"+payment.ID), http.StatusOK).AmountRefunded)
		failed := as[page.List[webhooks.EventView]](t, shop.get(t, "/api/v1/events?type=refund.failed"), http.StatusOK).Data
		require.Len(t, failed, 2)
	})

	t.Run("TheAcquirerIsSlowToSay", func(t *testing.T) {
		t.Parallel()

		payment := a.shop.settled(t, a.shop.pay(t, `{"amount":50000,"currency":"INR","method":"upi","vpa":"refund-timeout@upi"}`).ID, payments.Success)
		refund := as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"paymentId":"`+payment.ID+`","amount":1}`), http.StatusCreated)
		require.Equal(t, payments.RefundProcessed, ended(t, a.shop, refund).Status)
	})
}
