package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
)

// share bounds what watching costs: for the time that an examination took, none is made for so many times
// longer. On a young installation all is counted every minute; where it takes a minute, every fifty.
const share = 50

// Watch examines the books when enough time has passed since the last time, and stores what it found for every
// process to show. It returns nothing when it was too early.
func Watch(ctx context.Context, pool *pgxpool.Pool, opts Options) ([]Finding, error) {
	opts = opts.withDefaults()
	queries := dbsqlc.New()
	last, err := queries.InvariantCost(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("error reading when the books were examined: %w", err)
	}
	begin := opts.Now()
	if begin.Before(last.CheckedAt.Add(share * time.Duration(last.TookMs) * time.Millisecond)) {
		return nil, nil
	}
	findings, err := Examine(ctx, pool, opts)
	if err != nil {
		return nil, err
	}
	record := &dbsqlc.InvariantRecordManyParams{CheckedAt: begin}
	for _, f := range findings {
		record.CheckNames = append(record.CheckNames, f.Name)
		record.Violations = append(record.Violations, f.Violations)
		record.TooksMs = append(record.TooksMs, f.Took.Milliseconds())
	}
	if err := queries.InvariantRecordMany(ctx, pool, record); err != nil {
		return nil, fmt.Errorf("error storing what was found: %w", err)
	}
	if err := queries.InvariantForget(ctx, pool, record.CheckNames); err != nil {
		return nil, fmt.Errorf("error forgetting old checks: %w", err)
	}
	return findings, nil
}
