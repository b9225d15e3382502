package payments_test

import (
	"slices"

	"paygate/fault"
	"paygate/payments"
	"paygate/processor"
)

// model is what the gateway and its acquirer should do, said as plainly as possible: no database, no
// jobs, no time, nothing at once.
type model struct {
	down     bool
	orders   []*modelOrder
	payments []*modelPayment
	refunds  []*modelRefund
}

type modelOrder struct {
	id       string
	amount   int64
	currency string
	reusable bool
	status   payments.OrderStatus
}

type modelPayment struct {
	id      string
	order   *modelOrder
	amount  int64
	capture payments.Capture
	outcome processor.Outcome

	status             payments.Status
	captured, refunded int64
	operation          string
	operationAmount    int64

	// bank is how the charge stands there; empty when it never came.
	bank processor.Status
	lost bool // the request that is swallowed was
	told map[string]int
}

type modelRefund struct {
	id      string
	payment *modelPayment
	amount  int64
	status  payments.RefundStatus
	asked   bool
}

// accepts is the code with which an order refuses a payment, or empty.
func (m *model) accepts(o *modelOrder) fault.Code {
	if o == nil || o.reusable {
		return ""
	}
	if o.status == payments.OrderPaid {
		return fault.OrderPaid
	}
	for _, p := range m.payments {
		if p.order == o && p.status != payments.Failed && p.status != payments.Canceled {
			return fault.OrderBusy
		}
	}
	return ""
}

func (m *model) pay(p *modelPayment) {
	p.status, p.told = payments.Pending, map[string]int{"payment.created": 1}
	m.payments = append(m.payments, p)
	if p.order != nil && p.order.status == payments.OrderCreated {
		p.order.status = payments.OrderAttempted
	}
}

// settle moves a payment and tells of it.
func (p *modelPayment) settle(to payments.Status, captured int64) {
	p.status, p.captured = to, captured
	p.told["payment."+string(to)]++
	if to == payments.Success && p.order != nil {
		p.order.status = payments.OrderPaid
	}
}

// process is a run of the job that charges; false when the acquirer leaves it open.
func (m *model) process(p *modelPayment) bool {
	if p.status == payments.Pending {
		p.status = payments.Processing
	}
	if p.status != payments.Processing && p.status != payments.RequiresAction {
		return true
	}
	if m.down {
		return false
	}
	if p.bank == "" {
		switch p.outcome {
		case processor.OutcomeTimeoutNotCharged:
			if !p.lost {
				p.lost = true
				return false
			}
			p.bank = processor.StatusApproved
		case processor.OutcomeTimeoutCharged:
			p.bank = processor.StatusApproved
			return false
		case processor.OutcomeRequiresAction:
			p.bank = processor.StatusRequiresAction
		case processor.OutcomeCardDeclined:
			p.bank = processor.StatusDeclined
		default:
			p.bank = processor.StatusApproved
		}
	}
	switch {
	case p.operation != "": // the other job will say
	case p.bank == processor.StatusRequiresAction && p.status == payments.Processing:
		p.settle(payments.RequiresAction, 0)
	case p.bank == processor.StatusRequiresAction:
	case p.bank == processor.StatusDeclined:
		p.settle(payments.Failed, 0)
	case p.capture == payments.CaptureManual:
		p.settle(payments.Authorized, 0)
	default:
		p.settle(payments.Success, p.amount)
	}
	return true
}

// decide is the code with which a capture or a cancellation is refused, or empty.
func (p *modelPayment) decide(operation string, amount int64) fault.Code {
	from, goal, refused := []payments.Status{payments.Authorized}, payments.Success, fault.PaymentNotCapturable
	if operation == "cancel" {
		from, goal, refused = append(from, payments.RequiresAction), payments.Canceled, fault.PaymentNotCancelable
	}
	same := p.operation == operation && p.operationAmount == amount
	switch {
	case same && (slices.Contains(from, p.status) || p.status == goal):
		return ""
	case p.operation != "" || !slices.Contains(from, p.status):
		return refused
	case amount > p.amount:
		return fault.CaptureTooLarge
	}
	p.operation, p.operationAmount = operation, amount
	return ""
}

// finish is a run of the job that tells the acquirer of a decision.
func (m *model) finish(p *modelPayment) bool {
	if p.operation == "" || p.status != payments.Authorized && p.status != payments.RequiresAction {
		return true
	}
	switch {
	case m.down:
		return false
	case p.operation == "capture":
		p.settle(payments.Success, p.operationAmount)
	case p.bank == processor.StatusApproved && p.capture == payments.CaptureAutomatic:
		p.settle(payments.Success, p.amount)
	case p.bank == processor.StatusDeclined:
		p.settle(payments.Failed, 0)
	default:
		p.bank = processor.StatusDeclined
		p.settle(payments.Canceled, 0)
	}
	return true
}

// act is the customer at the bank's page, and the bank's news of it; false when the page is down.
func (m *model) act(p *modelPayment, approve bool) bool {
	if m.down {
		return false
	}
	if p.bank == processor.StatusRequiresAction {
		p.bank = processor.StatusDeclined
		if approve {
			p.bank = processor.StatusApproved
		}
	}
	if p.bank != "" && p.status == payments.RequiresAction && p.operation == "" {
		p.status = payments.Processing
	}
	return true
}

// refund is the code with which a refund is refused, or empty. An amount of 0 means the rest.
func (m *model) refund(p *modelPayment, amount int64) (int64, fault.Code) {
	if p.status != payments.Success {
		return 0, fault.PaymentNotRefundable
	}
	if amount == 0 {
		amount = p.captured - p.refunded
	}
	if amount == 0 || amount > p.captured-p.refunded {
		return 0, fault.RefundTooLarge
	}
	p.refunded += amount
	p.told["refund.created"]++
	return amount, ""
}

// payBack is a run of the job that refunds.
func (m *model) payBack(r *modelRefund) bool {
	switch {
	case r.status != payments.RefundPending:
		return true
	case m.down:
		return false
	case r.payment.outcome == processor.OutcomeRefundTimeout && !r.asked:
		r.asked = true
		return false
	case r.payment.outcome == processor.OutcomeRefundFails:
		r.status = payments.RefundFailed
		r.payment.refunded -= r.amount
	default:
		r.status = payments.RefundProcessed
	}
	r.payment.told["refund."+string(r.status)]++
	return true
}

// expire decides to cancel all that wait.
func (m *model) expire() int {
	n := 0
	for _, p := range m.payments {
		if p.operation == "" && (p.status == payments.Authorized || p.status == payments.RequiresAction) {
			p.operation = "cancel"
			n++
		}
	}
	return n
}

// drain does all that is to be done, with the acquirer up.
func (m *model) drain() {
	for range 3 { // a time-out takes two
		for _, p := range m.payments {
			if p.status == payments.Pending || p.status == payments.Processing {
				m.process(p)
			}
			m.finish(p)
		}
		for _, r := range m.refunds {
			m.payBack(r)
		}
	}
}
