package webhooks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/bounded"
	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/db/pipeline"
)

// Queue inserts River jobs inside a transaction; an insert-only client is enough.
type Queue = *river.Client[pgx.Tx]

// Subscribers are the endpoints that events of some merchants may reach.
type Subscribers []*dbsqlc.EndpointSubscribersRow

// Find is the question for those of merchants.
func (s *Subscribers) Find(ctx context.Context, merchants []uuid.UUID) pipeline.Ask {
	return func(db dbsqlc.DBTX) error {
		rows, err := dbsqlc.New().EndpointSubscribers(ctx, db, merchants)
		if err != nil {
			return fmt.Errorf("error finding subscribed endpoints: %w", err)
		}
		*s = rows
		return nil
	}
}

// Assume goes on as if these were the subscribers of merchants. If that is not so, the transaction fails as one does that has
// collided with another (SQLSTATE 40001), to be repeated with those that Find finds.
func (s Subscribers) Assume(ctx context.Context, tx pgx.Tx, merchants []uuid.UUID) error {
	params := &dbsqlc.EndpointAssumeSubscribersParams{MerchantIds: merchants, Ids: []string{}, EventTypes: []string{}, Statuses: []string{}}
	for _, endpoint := range s {
		params.Ids = append(params.Ids, endpoint.ID)
		params.EventTypes = append(params.EventTypes, strings.Join(endpoint.EventTypes, " "))
		params.Statuses = append(params.Statuses, endpoint.Status)
	}
	if err := dbsqlc.New().EndpointAssumeSubscribers(ctx, tx, params); err != nil {
		return fmt.Errorf("error finding subscribed endpoints: %w", err)
	}
	return nil
}

// Known are the subscribers of merchants as they were found last, which is good enough for Assume. The zero value knows of
// none; it forgets merchants that were not asked for lately. It is safe for concurrent use.
type Known struct {
	byMerchant bounded.Map[uuid.UUID, Subscribers]
}

// Learn takes note of what Find has found for merchants.
func (k *Known) Learn(merchants []uuid.UUID, found Subscribers) {
	for _, merchant := range merchants {
		var own Subscribers
		for _, endpoint := range found {
			if endpoint.MerchantID == merchant {
				own = append(own, endpoint)
			}
		}
		k.byMerchant.Put(merchant, own)
	}
}

// Of returns the subscribers of merchants, and whether it knows of all.
func (k *Known) Of(merchants []uuid.UUID) (known Subscribers, all bool) {
	for _, merchant := range merchants {
		own, ok := k.byMerchant.Get(merchant)
		if !ok {
			return nil, false
		}
		known = append(known, own...)
	}
	return known, true
}

// Emit stores events inside the transaction of what they tell, with a delivery and its job
// for every subscribed endpoint. Deliveries of a disabled endpoint are stored too, and wait.
func Emit(ctx context.Context, tx pgx.Tx, queue Queue, events []Event) error {
	var merchants []uuid.UUID
	for _, e := range events {
		if !slices.Contains(merchants, e.merchantID) {
			merchants = append(merchants, e.merchantID)
		}
	}
	if len(merchants) == 0 {
		return nil
	}
	var subscribers Subscribers
	if err := subscribers.Find(ctx, merchants)(tx); err != nil {
		return err
	}
	return subscribers.Emit(ctx, tx, queue, events)
}

// Emit is the function of that name, where the subscribers are known. jobs are the transaction's others, which are
// enqueued together with those of the deliveries.
func (s Subscribers) Emit(ctx context.Context, tx pgx.Tx, queue Queue, events []Event, jobs ...river.InsertManyParams) error {
	if len(events) == 0 {
		return db.Enqueue(ctx, tx, queue, jobs)
	}
	queries := dbsqlc.New()
	rows := &dbsqlc.EventInsertManyParams{}
	for _, e := range events {
		rows.Ids = append(rows.Ids, e.id)
		rows.MerchantIds = append(rows.MerchantIds, e.merchantID)
		rows.Types = append(rows.Types, string(e.kind))
		rows.PaymentIds = append(rows.PaymentIds, e.refs.PaymentID)
		rows.OrderIds = append(rows.OrderIds, e.refs.OrderID)
		rows.RefundIds = append(rows.RefundIds, e.refs.RefundID)
		rows.Bodies = append(rows.Bodies, e.body)
		rows.Traceparents = append(rows.Traceparents, e.traceparent)
		rows.CreatedAts = append(rows.CreatedAts, e.at)
	}
	if err := queries.EventInsertMany(ctx, tx, rows); err != nil {
		return fmt.Errorf("error storing events: %w", err)
	}
	deliveries := &dbsqlc.DeliveryInsertManyParams{}
	toSend := make(map[string][]fresh)
	for _, e := range events {
		for _, endpoint := range s {
			if endpoint.MerchantID != e.merchantID || !e.reaches(endpoint.ID, endpoint.EventTypes) {
				continue
			}
			id := ids.New(ids.Delivery)
			status := DeliveryPending
			if endpoint.Status == EndpointDisabled {
				status = DeliveryPaused
			} else {
				toSend[endpoint.ID] = append(toSend[endpoint.ID], fresh{id, e.traceparent})
			}
			deliveries.Ids = append(deliveries.Ids, id)
			deliveries.MerchantIds = append(deliveries.MerchantIds, e.merchantID)
			deliveries.EndpointIds = append(deliveries.EndpointIds, endpoint.ID)
			deliveries.EventIds = append(deliveries.EventIds, e.id)
			deliveries.EventTypes = append(deliveries.EventTypes, string(e.kind))
			deliveries.PaymentIds = append(deliveries.PaymentIds, e.refs.PaymentID)
			deliveries.Statuses = append(deliveries.Statuses, status)
			deliveries.CreatedAts = append(deliveries.CreatedAts, e.at)
		}
	}
	if len(deliveries.Ids) > 0 {
		if err := queries.DeliveryInsertMany(ctx, tx, deliveries); err != nil {
			return fmt.Errorf("error storing deliveries: %w", err)
		}
	}
	for endpointID, made := range toSend {
		jobs = append(jobs, firstAttempts(endpointID, made)...)
	}
	return db.Enqueue(ctx, tx, queue, jobs)
}
