package payments

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
)

// Defaults of LedgerSums.
const (
	// DefaultLedgerLeast is added up in a few milliseconds.
	DefaultLedgerLeast = 1000
	// DefaultLedgerStep is added up far within the time that a statement may take.
	DefaultLedgerStep = 50_000
)

// writersPoll is how often LedgerSums looks whether those who book are done.
const writersPoll = 20 * time.Millisecond

// LedgerSums keeps sums of the ledger, so that a balance is told without adding up all of it. What they hold is
// taken for granted and never looked at again, so they end where nothing can be booked any more
// (docs/decisions/0032). Numbers may be zero for their defaults.
type LedgerSums struct {
	DB  *pgxpool.Pool
	Now func() time.Time
	// Least is how many transfers of a merchant are worth a sum; fewer are left to whoever asks for the balance.
	Least int64
	// Step is how many transfers one statement adds.
	Step int64
}

// Advance brings the sums of all merchants up to date. It waits for the transactions that are booking now.
func (l *LedgerSums) Advance(ctx context.Context) error {
	until, err := l.seal(ctx)
	if err != nil {
		return err
	}
	due, err := dbsqlc.New().LedgerSumsDue(ctx, l.DB, &dbsqlc.LedgerSumsDueParams{Until: until, Transfers: cmp.Or(l.Least, DefaultLedgerLeast) - 1})
	if err != nil {
		return fmt.Errorf("error finding what to sum: %w", err)
	}
	for _, merchantID := range due {
		if err := l.advance(ctx, merchantID, until); err != nil {
			return err
		}
	}
	return nil
}

// seal returns a time before which nothing is booked any more: it has become known to all who begin to book,
// and the others are over. They are watched as CREATE INDEX CONCURRENTLY does, and nobody is held up.
func (l *LedgerSums) seal(ctx context.Context) (time.Time, error) {
	queries := dbsqlc.New()
	until, err := queries.LedgerSeal(ctx, l.DB, l.Now())
	if err != nil {
		return until, fmt.Errorf("error sealing the ledger: %w", err)
	}
	before, err := queries.LedgerWriters(ctx, l.DB)
	if err != nil {
		return until, fmt.Errorf("error looking who books: %w", err)
	}
	tick := time.NewTicker(writersPoll)
	defer tick.Stop()
	for len(before) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return until, fmt.Errorf("error waiting for those who book: %w", ctx.Err())
		}
		now, err := queries.LedgerWriters(ctx, l.DB)
		if err != nil {
			return until, fmt.Errorf("error looking who books: %w", err)
		}
		before = slices.DeleteFunc(before, func(writer string) bool { return !slices.Contains(now, writer) })
	}
	return until, nil
}

// advance brings the sums of one merchant up to a sealed time, in steps that are committed one by one.
func (l *LedgerSums) advance(ctx context.Context, merchantID uuid.UUID, sealed time.Time) error {
	queries := dbsqlc.New()
	for {
		until, err := queries.LedgerSumsStep(ctx, l.DB, &dbsqlc.LedgerSumsStepParams{MerchantID: merchantID, Until: sealed, Transfers: cmp.Or(l.Step, DefaultLedgerStep)})
		if err != nil {
			return fmt.Errorf("error measuring a step: %w", err)
		}
		changed, err := queries.LedgerSumsAdvance(ctx, l.DB, &dbsqlc.LedgerSumsAdvanceParams{MerchantID: merchantID, Until: until})
		if err != nil {
			return fmt.Errorf("error summing the ledger: %w", err)
		}
		if changed == 0 || !until.Before(sealed) {
			return nil // another process sums it, or all is done
		}
	}
}
