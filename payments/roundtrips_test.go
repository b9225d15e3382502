package payments_test

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/db/pipeline"
	"paygate/payments"
)

// counting counts what is sent: a statement, or a batch of them, is one write.
type counting struct {
	net.Conn

	sent *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.sent.Add(1)
	return c.Conn.Write(p)
}

// TestFewRoundTrips counts those of one payment on its usual way. Each one more holds up everybody in the batch.
func TestFewRoundTrips(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	var sent atomic.Int64
	config := h.pool.Config()
	config.MaxConns = 1
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return counting{conn, &sent}, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	queue, err := river.NewClient(pipeline.NewDriver(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	service := payments.New(payments.Options{DB: pool, Acquirer: h.bank, Queue: queue, Now: h.now})
	t.Cleanup(func() { require.NoError(t, service.Close(context.Background())) })

	trips := func(do func()) int64 {
		before := sent.Load()
		do()
		return sent.Load() - before
	}
	for _, warm := range []bool{true, true, false} { // the first asks for what the next assume, and each prepares its statements
		var plain, ordered string
		order := h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 500, Currency: "INR"})
		accept := trips(func() {
			claim := h.claim(h.merchant, "POST /payments", order.ID, "") // some key
			response, err := service.Create(t.Context(), claim, payments.CreateParams{MerchantID: h.merchant, Amount: 500, Currency: "INR"})
			plain = answered(t, response, err).payment(t).ID
		})
		acceptOrdered := trips(func() { ordered = h.pay(t, service, payments.CreateParams{OrderID: order.ID}).payment(t).ID })
		process := trips(func() { require.NoError(t, service.Process(t.Context(), plain)) })
		processOrdered := trips(func() { require.NoError(t, service.Process(t.Context(), ordered)) })
		refund := trips(func() { h.refund(t, service, plain, new(int64(100))).refund(t) })
		if warm {
			continue
		}
		require.EqualValues(t, 1, accept, "nothing is asked")
		require.EqualValues(t, 3, acceptOrdered, "what is asked, what is stored, and whether the order took the payment")
		require.EqualValues(t, 4, process, "two transactions: before the acquirer is asked, and after")
		require.EqualValues(t, 5, processOrdered, "and which orders are paid by it")
		require.EqualValues(t, 3, refund, "and whether the payment had the money")
	}
	require.Equal(t, payments.Success, h.payment(t, h.paid(t, payments.CreateParams{Amount: 1, Currency: "INR"})).Status)
}
