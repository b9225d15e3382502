package checkout

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
)

// How often the database is asked for news. One question serves everybody who waits, so this is the
// whole load, however many customers there are; after a failure it is asked less often.
const (
	watchEvery     = 100 * time.Millisecond
	watchAfterFail = time.Second
)

// watcher waits for payments to change on behalf of many requests. LISTEN/NOTIFY was rejected: its
// notifications take a lock at every commit, which the payments' own transactions would pay for.
type watcher struct {
	db     *pgxpool.Pool
	logger *slog.Logger
	ctx    context.Context //nolint:containedctx // the lifetime of the loop, ended by close
	end    context.CancelFunc

	mu      sync.Mutex
	waiting map[*watch]struct{}
	running bool
	loops   sync.WaitGroup
}

// watch is one request's wish to know when a payment is no longer as it was.
type watch struct {
	paymentID string
	seen      time.Time
	changed   chan struct{}
}

func newWatcher(pool *pgxpool.Pool, logger *slog.Logger) *watcher {
	ctx, end := context.WithCancel(context.Background())
	return &watcher{db: pool, logger: logger, ctx: ctx, end: end, waiting: map[*watch]struct{}{}}
}

// close ends all waiting, and returns when nothing runs any more.
func (w *watcher) close() {
	w.end()
	w.loops.Wait()
}

// wait returns when the payment was updated after seen, when ctx ends, or when the watcher closes.
func (w *watcher) wait(ctx context.Context, paymentID string, seen time.Time) {
	one := &watch{paymentID, seen, make(chan struct{})}
	w.mu.Lock()
	if w.ctx.Err() != nil {
		w.mu.Unlock()
		return
	}
	w.waiting[one] = struct{}{}
	if !w.running {
		w.running = true
		w.loops.Go(w.loop)
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting, one)
	}()
	select {
	case <-one.changed:
	case <-ctx.Done():
	case <-w.ctx.Done():
	}
}

// loop asks for as long as somebody waits.
func (w *watcher) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-w.ctx.Done():
			return
		}
		ids, watched := w.ids()
		if !watched {
			return
		}
		pause := watchEvery
		if err := w.look(ids); err != nil && w.ctx.Err() == nil {
			w.logger.LogAttrs(w.ctx, slog.LevelWarn, "payments cannot be watched", slog.Any("error", err))
			pause = watchAfterFail
		}
		timer.Reset(pause)
	}
}

// ids is what is waited for. When that is nothing, the loop is over.
func (w *watcher) ids() ([]string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	unique := make(map[string]struct{}, len(w.waiting))
	ids := make([]string, 0, len(w.waiting))
	for one := range w.waiting {
		if _, seen := unique[one.paymentID]; !seen {
			unique[one.paymentID] = struct{}{}
			ids = append(ids, one.paymentID)
		}
	}
	w.running = len(ids) > 0
	return ids, w.running
}

func (w *watcher) look(ids []string) error {
	rows, err := dbsqlc.New().CheckoutPaymentStates(w.ctx, w.db, ids)
	if err != nil {
		return err
	}
	updated := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		updated[row.ID] = row.UpdatedAt
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.waiting {
		if at, found := updated[one.paymentID]; found && !at.Equal(one.seen) {
			close(one.changed)
			delete(w.waiting, one)
		}
	}
	return nil
}
