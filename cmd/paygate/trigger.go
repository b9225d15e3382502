package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/page"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

type triggerCommand struct {
	toolSettings `embed:""`
	Event        string        `arg:"" help:"What is to happen, as payment.success."`
	Wait         time.Duration `name:"wait" default:"30s" min:"1s" max:"10m" help:"How long the workers may take for it."`
}

// story is how an event of a type comes about.
type story struct {
	// vpa and bank are what is paid with; see processor.TestInstruments.
	vpa, bank string
	// order says that an order is paid.
	order bool
	// capture is when the money is taken.
	capture payments.Capture
	// then is done when the payment is in the state until.
	until payments.Status
	then  func(ctx context.Context, g *gateway, claim *idempotency.Claim, paymentID string) (idempotency.Response, error)
}

const (
	paysUPI       = "success@upi"
	declinesUPI   = "failure@upi"
	noRefundsUPI  = "refund-fails@upi"
	redirectsBank = "REDIRECT"
)

// stories are those of all types that a merchant's own doing leads to.
var stories = map[webhooks.Type]story{
	webhooks.PaymentCreated:        {vpa: paysUPI},
	webhooks.PaymentSuccess:        {vpa: paysUPI},
	webhooks.PaymentFailed:         {vpa: declinesUPI},
	webhooks.PaymentRequiresAction: {bank: redirectsBank},
	webhooks.PaymentAuthorized:     {vpa: paysUPI, capture: payments.CaptureManual},
	webhooks.PaymentCanceled:       {vpa: paysUPI, capture: payments.CaptureManual, until: payments.Authorized, then: cancelPayment},
	webhooks.RefundCreated:         {vpa: paysUPI, until: payments.Success, then: refundPayment},
	webhooks.RefundProcessed:       {vpa: paysUPI, until: payments.Success, then: refundPayment},
	webhooks.RefundFailed:          {vpa: noRefundsUPI, until: payments.Success, then: refundPayment},
	webhooks.OrderPaid:             {vpa: paysUPI, order: true},
}

func cancelPayment(ctx context.Context, g *gateway, claim *idempotency.Claim, paymentID string) (idempotency.Response, error) {
	return g.payments.Cancel(ctx, claim, demoMerchant, paymentID)
}

func refundPayment(ctx context.Context, g *gateway, claim *idempotency.Claim, paymentID string) (idempotency.Response, error) {
	return g.payments.CreateRefund(ctx, claim, payments.RefundParams{MerchantID: demoMerchant, PaymentID: paymentID})
}

func (c *triggerCommand) run(ctx context.Context, io streams) error {
	kind := webhooks.Type(c.Event)
	told, known := stories[kind]
	switch {
	case kind == webhooks.EndpointWasDisabled:
		return usagef("%s happens when an endpoint answers 410: the receiver does so at a path with ?gone", kind)
	case !known && kind != webhooks.WebhookTest:
		return usagef("%q cannot be triggered: choose one of %s", c.Event, strings.Join(triggerable(), ", "))
	}
	return runTool(ctx, func(p *process) error {
		g, err := p.openTool(ctx, c.toolSettings, "trigger", io.err)
		if err != nil {
			return err
		}
		if _, err := findMerchant(ctx, g.pool, demoMerchant.String()); err != nil {
			return usagef("the demo merchant is not there: make it with `paygate seed`")
		}
		if kind == webhooks.WebhookTest {
			return testEndpoints(ctx, g, io)
		}
		ctx, cancel := context.WithTimeoutCause(ctx, c.Wait, errors.New("no worker has done it: is `paygate dev`, or `paygate worker`, running?"))
		defer cancel()
		paymentID, orderID, err := told.begin(ctx, g)
		if err != nil {
			return err
		}
		if err := say(io.out, "%s is made.\n", paymentID); err != nil {
			return err
		}
		if told.then != nil {
			if err := awaitPayment(ctx, g, paymentID, told.until); err != nil {
				return err
			}
			if _, err := answered[any](func(claim *idempotency.Claim) (idempotency.Response, error) {
				return told.then(ctx, g, claim, paymentID)
			}); err != nil {
				return err
			}
		}
		event, err := awaitEvent(ctx, g, kind, paymentID, orderID)
		if err != nil {
			return err
		}
		return sayEvent(ctx, g, io, event)
	})
}

func triggerable() []string {
	names := []string{string(webhooks.WebhookTest)}
	for kind := range maps.Keys(stories) {
		names = append(names, string(kind))
	}
	slices.Sort(names)
	return names
}

// answered runs an operation that renders its outcome into a claim, and returns the outcome itself.
func answered[Resource any](do func(claim *idempotency.Claim) (idempotency.Response, error)) (resource Resource, err error) {
	_, refused := do(&idempotency.Claim{MerchantID: demoMerchant, Render: func(made any, refusal error) idempotency.Response {
		if refusal == nil {
			resource, _ = made.(Resource)
		}
		err = refusal
		return idempotency.Response{}
	}})
	return resource, errors.Join(refused, err)
}

const (
	triggeredAmount   = 50000
	triggeredCurrency = "INR"
)

// begin makes the payment, and its order.
func (s story) begin(ctx context.Context, g *gateway) (paymentID, orderID string, err error) {
	params := payments.CreateParams{
		MerchantID: demoMerchant, Amount: triggeredAmount, Currency: triggeredCurrency,
		Method: processor.MethodUPI, VPA: s.vpa, Bank: s.bank, Capture: s.capture,
	}
	if s.bank != "" {
		params.Method = processor.MethodNetbanking
	}
	if s.order {
		err := db.InTx(ctx, g.pool, func(tx pgx.Tx) error {
			order, err := g.payments.CreateOrder(ctx, tx, payments.OrderParams{MerchantID: demoMerchant, Amount: triggeredAmount, Currency: triggeredCurrency})
			if err != nil {
				return err
			}
			params.OrderID = order.ID
			return nil
		})
		if err != nil {
			return "", "", err
		}
	}
	payment, err := answered[*payments.Payment](func(claim *idempotency.Claim) (idempotency.Response, error) {
		return g.payments.Create(ctx, claim, params)
	})
	if err != nil {
		return "", "", err
	}
	return payment.ID, params.OrderID, nil
}

// triggerPoll is how often it is asked whether something has happened.
const triggerPoll = 50 * time.Millisecond

// await asks until it is so. The end of ctx is reported by its cause.
func await(ctx context.Context, so func() (bool, error)) error {
	ticker := time.NewTicker(triggerPoll)
	defer ticker.Stop()
	for {
		done, err := so()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

func awaitPayment(ctx context.Context, g *gateway, id string, status payments.Status) error {
	return await(ctx, func() (bool, error) {
		payment, err := g.payments.Payment(ctx, demoMerchant, id)
		if err != nil {
			return false, err
		}
		if payment.Status == payments.Failed {
			return false, fmt.Errorf("%s failed: %s", id, *payment.FailureMessage)
		}
		return payment.Status == status, nil
	})
}

// awaitEvent finds the event of a type that is about the payment or its order.
func awaitEvent(ctx context.Context, g *gateway, kind webhooks.Type, paymentID, orderID string) (event *webhooks.EventView, err error) {
	events, name := &webhooks.Events{DB: g.pool}, string(kind)
	err = await(ctx, func() (bool, error) {
		found, err := events.List(ctx, demoMerchant, webhooks.EventFilter{Type: &name}, page.Params{Limit: page.MaxLimit})
		if err != nil {
			return false, err
		}
		i := slices.IndexFunc(found.Data, func(e *webhooks.EventView) bool {
			return e.PaymentID != nil && *e.PaymentID == paymentID || orderID != "" && e.OrderID != nil && *e.OrderID == orderID
		})
		if i < 0 {
			return false, nil
		}
		event = found.Data[i]
		return true, nil
	})
	return event, err
}

// sayEvent tells what has happened, and whom it is sent to.
func sayEvent(ctx context.Context, g *gateway, io streams, event *webhooks.EventView) error {
	log := &webhooks.Log{DB: g.pool, Queue: g.queue, Now: now}
	sent, err := log.List(ctx, demoMerchant, webhooks.DeliveryFilter{EventType: &event.Type}, page.Params{Limit: page.MaxLimit})
	if err != nil {
		return err
	}
	if err := say(io.out, "%s has happened: %s\n", event.Type, event.ID); err != nil {
		return err
	}
	for _, delivery := range sent.Data {
		if delivery.EventID != event.ID {
			continue
		}
		detail, err := log.Get(ctx, demoMerchant, delivery.ID)
		if err != nil {
			return err
		}
		if err := say(io.out, "  %s to %s\n", delivery.ID, detail.URL); err != nil {
			return err
		}
	}
	return nil
}

// testEndpoints sends webhook.test to each of the demo merchant's endpoints.
func testEndpoints(ctx context.Context, g *gateway, io streams) error {
	all, err := g.endpoints.List(ctx, demoMerchant, page.Params{Limit: page.MaxLimit})
	if err != nil {
		return err
	}
	for _, endpoint := range all.Data {
		var delivery *webhooks.Delivery
		err := db.InTx(ctx, g.pool, func(tx pgx.Tx) (err error) {
			delivery, err = g.endpoints.Test(ctx, tx, demoMerchant, endpoint.ID)
			return err
		})
		if fault.CodeOf(err) == fault.EndpointDisabled {
			continue
		}
		if err != nil {
			return err
		}
		if err := say(io.out, "%s has happened: %s\n  %s to %s\n", webhooks.WebhookTest, delivery.EventID, delivery.ID, endpoint.URL); err != nil {
			return err
		}
	}
	return nil
}
