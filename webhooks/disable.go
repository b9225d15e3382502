package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
)

// failingFor is after how long without a success an endpoint is disabled.
const failingFor = 5 * 24 * time.Hour

// health is what a batch of attempts tells of the endpoints it went to.
type health struct {
	// gone answered 410.
	gone []string
	// failed and worn had a failure; worn ones had it at a delivery that had failed before, so that one
	// event a week that finds the endpoint restarting does not count as a week of failing.
	failed, worn []string
	// recovered had a success, and are known to have failed before it.
	recovered []string
	worked    []string
}

// note adds one attempt, after which the delivery is as row says.
func (h *health) note(row *dbsqlc.WebhookDelivery, a attempt) {
	switch {
	case a.exchange.class == "":
		h.worked = append(h.worked, row.EndpointID)
		if a.failing {
			h.recovered = append(h.recovered, row.EndpointID)
		}
		return
	case a.exchange.status == http.StatusGone:
		h.gone = append(h.gone, row.EndpointID)
	case row.Step > 1 || row.Status == DeliveryExhausted:
		h.worn = append(h.worn, row.EndpointID)
	}
	h.failed = append(h.failed, row.EndpointID)
}

// judge stores what attempts tell of endpoints: since when they fail, and which are disabled now.
func (d *Deliverer) judge(ctx context.Context, tx pgx.Tx, h health) error {
	queries := dbsqlc.New()
	if len(h.recovered) > 0 {
		if err := queries.EndpointRecovered(ctx, tx, distinct(h.recovered)); err != nil {
			return fmt.Errorf("error noting that endpoints work again: %w", err)
		}
	}
	// Of what happened in the same moment a success counts more.
	failed := slices.DeleteFunc(distinct(h.failed), func(id string) bool { return slices.Contains(h.worked, id) })
	if len(failed) > 0 {
		now := d.now()
		failing, err := queries.EndpointFailing(ctx, tx, &dbsqlc.EndpointFailingParams{Ids: failed, Now: now, Since: now.Add(-failingFor)})
		if err != nil {
			return fmt.Errorf("error noting that endpoints fail: %w", err)
		}
		failing = slices.DeleteFunc(failing, func(id string) bool { return !slices.Contains(h.worn, id) })
		if err := d.disable(ctx, tx, failing, disabledByFailing); err != nil {
			return err
		}
	}
	return d.disable(ctx, tx, distinct(h.gone), disabledByGone)
}

// disable switches endpoints off and tells the merchants' other endpoints. What is to be delivered to
// them waits.
func (d *Deliverer) disable(ctx context.Context, tx pgx.Tx, endpointIDs []string, reason string) error {
	if len(endpointIDs) == 0 {
		return nil
	}
	now := d.now()
	disabled, err := dbsqlc.New().EndpointDisableMany(ctx, tx, &dbsqlc.EndpointDisableManyParams{Ids: endpointIDs, Reason: reason, Now: now})
	if err != nil {
		return fmt.Errorf("error disabling endpoints: %w", err)
	}
	events := make([]Event, 0, len(disabled))
	for _, row := range disabled {
		event, err := NewEvent(row.MerchantID, EndpointWasDisabled, Refs{}, now, endpointName, showEndpoint(row))
		if err != nil {
			return err
		}
		event.except = row.ID
		events = append(events, event)
	}
	return Emit(ctx, tx, d.queue, events)
}

// endpointName is what the data of an event calls an endpoint.
const endpointName = "endpoint"

// distinct sorts, so that concurrent transactions lock rows in one order.
func distinct(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
