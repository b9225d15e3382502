package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/wire"
)

const (
	quarter = 15 * time.Minute
	// rollupLag is how long after its end a quarter is summed: rows carry the time at which their transaction
	// began, or their caller began to wait for it, and nobody waits and no transaction lasts that long.
	rollupLag = 5 * time.Minute
	// rollupSpan is how much is summed in one transaction when there is much to catch up on.
	rollupSpan = 6 * time.Hour
	// rollupTimeout bounds one of them.
	rollupTimeout = "10min"
	// healthSample is how many of the newest deliveries of a time the health of webhooks is told from.
	healthSample = 5000
)

// period is a time that Home can show.
type period struct {
	lasts time.Duration
	unit  string
}

var periods = map[string]period{
	"24h": {24 * time.Hour, "hour"},
	"7d":  {7 * 24 * time.Hour, "day"},
	"30d": {30 * 24 * time.Hour, "day"},
	"90d": {90 * 24 * time.Hour, "day"},
}

type figureView struct {
	Bucket   wire.Time `json:"bucket"`
	Metric   string    `json:"metric"`
	Currency string    `json:"currency"`
	Label    string    `json:"label"`
	Count    int64     `json:"count"`
	Amount   int64     `json:"amount"`
}

type endpointHealth struct {
	EndpointID string `json:"endpoint_id"`
	Deliveries int64  `json:"deliveries"`
	Failing    int64  `json:"failing"`
}

type homeView struct {
	From       wire.Time        `json:"from"`
	Until      wire.Time        `json:"until"`
	Unit       string           `json:"unit"`
	Figures    []figureView     `json:"figures"`
	Deliveries map[string]int64 `json:"deliveries"`
	Endpoints  []endpointHealth `json:"endpoints"`
	// Sample is how many deliveries were looked at, at most.
	Sample int32 `json:"sample"`
}

// home answers with the figures of a time that ends now, by hours or days of the viewer's zone.
func (s *Server) home(c *call) (any, error) {
	shown, known := periods[c.URL.Query().Get("period")]
	if !known {
		return nil, fault.On(fault.InvalidParameter, "period", "period must be one of 24h, 7d, 30d, 90d.")
	}
	zone, err := time.LoadLocation(c.URL.Query().Get("zone"))
	if err != nil || zone == time.Local {
		return nil, fault.On(fault.InvalidParameter, "zone", "zone must be a name of the time zone database, as Asia/Kolkata.")
	}
	now := s.Now()
	from := startOf(now.Add(-shown.lasts), shown.unit, zone)
	view := &homeView{From: wire.Time(from), Until: wire.Time(now), Unit: shown.unit, Figures: []figureView{}, Deliveries: map[string]int64{}, Endpoints: []endpointHealth{}, Sample: healthSample}
	merchant, queries := c.person.MerchantID, dbsqlc.New()

	until, err := queries.DashboardFiguresUntil(c.Context(), s.Reads, merchant)
	if errors.Is(err, pgx.ErrNoRows) {
		until = time.Time{}
	} else if err != nil {
		return nil, fmt.Errorf("error reading how far the sums go: %w", err)
	}
	figures, err := queries.DashboardFigures(c.Context(), s.Reads, &dbsqlc.DashboardFiguresParams{
		Unit: shown.unit, Zone: zone.String(), MerchantID: merchant, FromTime: from, SummedUntil: until, LiveFrom: until,
	})
	if err != nil {
		return nil, fmt.Errorf("error summing figures: %w", err)
	}
	for _, f := range figures {
		view.Figures = append(view.Figures, figureView{wire.Time(f.Bucket), f.Metric, f.Currency, f.Label, f.Count, f.Amount})
	}
	states, err := queries.DashboardWebhookHealth(c.Context(), s.Reads, &dbsqlc.DashboardWebhookHealthParams{MerchantID: merchant, FromTime: from, RowLimit: healthSample})
	if err != nil {
		return nil, fmt.Errorf("error reading the health of webhooks: %w", err)
	}
	for _, state := range states {
		view.Deliveries[state.Status] = state.Count
	}
	endpoints, err := queries.DashboardEndpointHealth(c.Context(), s.Reads, &dbsqlc.DashboardEndpointHealthParams{MerchantID: merchant, FromTime: from, RowLimit: healthSample})
	if err != nil {
		return nil, fmt.Errorf("error reading the health of endpoints: %w", err)
	}
	for _, e := range endpoints {
		view.Endpoints = append(view.Endpoints, endpointHealth{e.EndpointID, e.Deliveries, e.Failing})
	}
	return view, nil
}

// startOf is where an hour or a day of a zone begins.
func startOf(at time.Time, unit string, zone *time.Location) time.Time {
	local := at.In(zone)
	if unit == "day" {
		return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	}
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), 0, 0, 0, zone)
}

// keepSums sums quarters as they end, until ctx does.
func (s *Server) keepSums(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := s.Sum(ctx); err != nil && ctx.Err() == nil {
			s.Logger.LogAttrs(ctx, slog.LevelError, "summing figures failed", slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Sum brings the figures of every merchant up to the last quarter that is over.
func (s *Server) Sum(ctx context.Context) error {
	end := s.Now().Add(-rollupLag).Truncate(quarter)
	due, err := dbsqlc.New().DashboardRollupDue(ctx, s.DB, end)
	if err != nil {
		return fmt.Errorf("error finding what to sum: %w", err)
	}
	for _, merchant := range due {
		for from := range spans(merchant.Until, end) {
			until := from.Add(rollupSpan)
			if until.After(end) {
				until = end
			}
			if err := s.sumSpan(ctx, merchant.ID, from, until); err != nil {
				return err
			}
		}
	}
	return nil
}

// spans yields the beginnings of the spans between two times.
func spans(from, end time.Time) func(yield func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		for ; from.Before(end); from = from.Add(rollupSpan) {
			if !yield(from) {
				return
			}
		}
	}
}

func (s *Server) sumSpan(ctx context.Context, merchantID uuid.UUID, from, until time.Time) error {
	return db.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = '"+rollupTimeout+"'"); err != nil {
			return fmt.Errorf("error setting a timeout: %w", err)
		}
		queries := dbsqlc.New()
		claimed, err := queries.DashboardRollupAdvance(ctx, tx, &dbsqlc.DashboardRollupAdvanceParams{MerchantID: merchantID, FromTime: from, Until: until})
		if err != nil {
			return fmt.Errorf("error claiming a span: %w", err)
		}
		if claimed == 0 {
			return nil // another process sums it
		}
		if err := queries.DashboardRollup(ctx, tx, &dbsqlc.DashboardRollupParams{MerchantID: merchantID, FromTime: from, UntilTime: until}); err != nil {
			return fmt.Errorf("error summing figures: %w", err)
		}
		return nil
	})
}
