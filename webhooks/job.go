package webhooks

import "github.com/riverqueue/river"

// QueueName is the River queue of deliveries, apart from that of payments, so that slow
// endpoints never hold up money.
const QueueName = "webhooks"

// DeliverArgs asks for one attempt of a delivery. It holds ids alone: River UI shows it.
type DeliverArgs struct {
	DeliveryID string `json:"delivery_id"`
	// Step is how many automatic attempts were made before this one. A job whose step is not
	// the delivery's any more is a leftover and does nothing.
	Step int `json:"step"`
	// Manual marks a resend by hand, which is made whatever the state and uses up no step.
	Manual bool `json:"manual,omitempty"`
}

// Kind implements river.JobArgs.
func (DeliverArgs) Kind() string { return "deliver_webhook" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DeliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueName}
}
