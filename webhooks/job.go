package webhooks

import (
	"slices"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"paygate/db"
)

// QueueName is the River queue of deliveries, apart from that of payments, so that slow
// endpoints never hold up money.
const QueueName = "webhooks"

// DeliverArgs asks for one attempt of a delivery. It holds ids alone: River UI shows it.
type DeliverArgs struct {
	DeliveryID string `json:"delivery_id"`
	// EndpointID is whose lane the attempt takes a place in.
	EndpointID string `json:"endpoint_id"`
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

// DeliverManyArgs asks for the first attempts of what one transaction has to tell an endpoint. Where many
// payments share a transaction, a job for each would cost as much as everything else about its delivery.
// From the second attempt on, each delivery has a job of its own.
type DeliverManyArgs struct {
	EndpointID  string   `json:"endpoint_id"`
	DeliveryIDs []string `json:"delivery_ids"`
}

// Kind implements river.JobArgs.
func (DeliverManyArgs) Kind() string { return "deliver_webhooks" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DeliverManyArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueName}
}

// fresh is a delivery that was just made, of an event with this traceparent.
type fresh struct{ id, traceparent string }

// firstAttempts are the jobs of new deliveries to an endpoint, no job with more than its lane has places. A job continues the
// trace of its deliveries where they all have the same one.
func firstAttempts(endpointID string, deliveries []fresh) []river.InsertManyParams {
	var jobs []river.InsertManyParams
	for some := range slices.Chunk(deliveries, laneMax) {
		if len(some) == 1 {
			jobs = append(jobs, db.Job(DeliverArgs{DeliveryID: some[0].id, EndpointID: endpointID}, some[0].traceparent))
			continue
		}
		traceparent, deliveryIDs := some[0].traceparent, make([]string, len(some))
		for i, d := range some {
			deliveryIDs[i] = d.id
			if d.traceparent != traceparent {
				traceparent = ""
			}
		}
		jobs = append(jobs, db.Job(DeliverManyArgs{EndpointID: endpointID, DeliveryIDs: deliveryIDs}, traceparent))
	}
	return jobs
}

// DrainArgs asks to send the parked deliveries of an endpoint, as far as its lane has places.
type DrainArgs struct {
	EndpointID string `json:"endpoint_id" river:"unique"`
	// Wake makes a job that is wanted although there is one: that may be running, and have looked
	// for parked deliveries just before these were.
	Wake string `json:"wake,omitempty" river:"unique"`
}

// Kind implements river.JobArgs.
func (DrainArgs) Kind() string { return "drain_endpoint" }

// InsertOpts implements river.JobArgsWithInsertOpts. One such job for an endpoint is enough, so
// that parked deliveries cost no jobs, however many there are.
func (DrainArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueName, UniqueOpts: river.UniqueOpts{
		ByArgs: true,
		ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		},
	}}
}
