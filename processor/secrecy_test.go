package processor

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
)

// After every test card was charged, captured and refunded, no table of the schema and no log line
// holds a number, or anything that looks like one.
func TestNoCardNumberIsKept(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer
	s := newSimulator(t, dbtest.Pool(t), Config{
		Logger:      slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		SlowLatency: 1,
	})
	var numbers []string
	for i, instrument := range TestInstruments() {
		if instrument.Method != MethodCard {
			continue
		}
		numbers = append(numbers, instrument.Value)
		req := request(t, s, MethodCard, instrument.Value)
		// Ids are drawn from digits too; these are not.
		req.Reference, req.Capture = fmt.Sprintf("pay_%d", i), false
		for range 2 {
			_, _ = s.Authorize(t.Context(), req)
			_, _ = s.Capture(t.Context(), CaptureRequest{Reference: req.Reference + "_capture", PaymentReference: req.Reference, Amount: 1})
			_, _ = s.Refund(t.Context(), RefundRequest{Reference: req.Reference + "_refund", PaymentReference: req.Reference, Amount: 1})
		}
		require.NotContains(t, fmt.Sprintf("%+v", req), instrument.Value)
	}

	rows, err := s.pool.Query(t.Context(), "SELECT format('SELECT t::text FROM %I.%I t', schemaname, tablename) FROM pg_tables WHERE schemaname = 'acquirer'")
	require.NoError(t, err)
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, queries)
	var kept strings.Builder
	kept.WriteString(log.String())
	for _, query := range queries {
		rows, err := s.pool.Query(t.Context(), query)
		require.NoError(t, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotEmpty(t, texts, query)
		kept.WriteString(strings.Join(texts, "\n"))
	}

	for _, number := range numbers {
		require.NotContains(t, kept.String(), number)
		require.NotContains(t, kept.String(), number[:12])
	}
	require.Empty(t, regexp.MustCompile(`(\d[ -]?){13,}`).FindAllString(kept.String(), -1))
}
