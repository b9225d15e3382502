package payments

import "github.com/riverqueue/river"

// QueueName is the River queue of money.
const QueueName = "payments"

// ProcessPaymentArgs asks to charge a payment. Ids alone: River UI shows it.
type ProcessPaymentArgs struct {
	PaymentID string `json:"payment_id"`
}

// Kind implements river.JobArgs.
func (ProcessPaymentArgs) Kind() string { return "process_payment" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ProcessPaymentArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueName} }

// FinishPaymentArgs asks to tell the acquirer what was decided for a held payment.
type FinishPaymentArgs struct {
	PaymentID string `json:"payment_id"`
}

// Kind implements river.JobArgs.
func (FinishPaymentArgs) Kind() string { return "finish_payment" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (FinishPaymentArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueName} }

// ProcessRefundArgs asks to pay a refund back.
type ProcessRefundArgs struct {
	RefundID string `json:"refund_id"`
}

// Kind implements river.JobArgs.
func (ProcessRefundArgs) Kind() string { return "process_refund" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ProcessRefundArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueName} }
