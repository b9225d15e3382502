package payments

import "github.com/riverqueue/river"

// QueueName is the River queue of money.
const QueueName = "payments"

// maxAttempts is out of reach. River discards a job that fails, panics or loses its worker this many
// times; what concerns money is never given up.
const maxAttempts = 10_000

func insertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: maxAttempts, Queue: QueueName}
}

// ProcessPaymentArgs asks to charge a payment. Ids alone: River UI shows it.
type ProcessPaymentArgs struct {
	PaymentID string `json:"payment_id"`
}

// Kind implements river.JobArgs.
func (ProcessPaymentArgs) Kind() string { return "process_payment" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ProcessPaymentArgs) InsertOpts() river.InsertOpts { return insertOpts() }

// FinishPaymentArgs asks to tell the acquirer what was decided for a held payment.
type FinishPaymentArgs struct {
	PaymentID string `json:"payment_id"`
}

// Kind implements river.JobArgs.
func (FinishPaymentArgs) Kind() string { return "finish_payment" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (FinishPaymentArgs) InsertOpts() river.InsertOpts { return insertOpts() }

// ProcessRefundArgs asks to pay a refund back.
type ProcessRefundArgs struct {
	RefundID string `json:"refund_id"`
}

// Kind implements river.JobArgs.
func (ProcessRefundArgs) Kind() string { return "process_refund" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ProcessRefundArgs) InsertOpts() river.InsertOpts { return insertOpts() }
