package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"paygate/db/groupcommit"
)

// planned is one call of a random run.
type planned struct {
	kind    string
	arrives time.Duration
	patient time.Duration // until its context ends; 0 is for ever
}

// mishap is what goes wrong with the n-th transaction of a random run.
type mishap struct {
	kind string
	slow time.Duration
}

type scenario struct {
	calls   []planned
	mishaps []mishap
	opts    options
}

func drawScenario(rt *rapid.T) scenario {
	span := func(most time.Duration) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.Int64Range(0, int64(most/time.Millisecond)), func(ms int64) time.Duration {
			return time.Duration(ms) * time.Millisecond
		})
	}
	call := rapid.Custom(func(rt *rapid.T) planned {
		p := planned{
			kind:    rapid.SampledFrom([]string{"good", "good", "good", "good", "own error", "poison", "panic", "late poison"}).Draw(rt, "kind"),
			arrives: span(50*time.Millisecond).Draw(rt, "arrives"),
		}
		if rapid.IntRange(0, 4).Draw(rt, "impatient") == 0 {
			p.patient = span(40*time.Millisecond).Draw(rt, "patient") + time.Millisecond
		}
		return p
	})
	mishaps := rapid.Custom(func(rt *rapid.T) mishap {
		return mishap{
			kind: rapid.SampledFrom([]string{
				"", "", "", "no server", "stale", "serialization", "deadlock", "disk full", "hang",
				"commit conflict", "commit not sent", "commit rolled back", "commit lost", "commit lost but written", "commit hangs",
			}).Draw(rt, "mishap"),
			slow: span(20*time.Millisecond).Draw(rt, "slow"),
		}
	})
	return scenario{
		calls:   rapid.SliceOfN(call, 1, 40).Draw(rt, "calls"),
		mishaps: rapid.SliceOfN(mishaps, 0, 12).Draw(rt, "mishaps"),
		opts: options{
			Concurrency: rapid.IntRange(1, 4).Draw(rt, "concurrency"),
			MaxBatch:    rapid.IntRange(1, 16).Draw(rt, "max batch"),
			MaxQueue:    rapid.IntRange(1, 40).Draw(rt, "max queue"),
			Timeout:     time.Second,
		},
	}
}

var (
	errOwn    = errors.New("own error")
	errPoison = errors.New("poison")
	errLate   = errors.New("late poison")
)

// database makes a fakeDB to which the mishaps happen in turn.
func (s scenario) database() *fakeDB {
	mishapOf := func(n int) mishap {
		if n < len(s.mishaps) {
			return s.mishaps[n]
		}
		return mishap{}
	}
	return &fakeDB{
		begin: func(_ context.Context, n int) error {
			pass(mishapOf(n).slow / 2)
			switch mishapOf(n).kind {
			case "no server":
				return &pgconn.ConnectError{Config: &pgconn.Config{}}
			case "stale":
				return pgError("FATAL", pgerrcode.AdminShutdown)
			}
			return nil
		},
		commit: func(ctx context.Context, n int, staged []int) (bool, error) {
			pass(mishapOf(n).slow)
			for _, item := range staged {
				if s.calls[item].kind == "late poison" {
					return false, fmt.Errorf("%w: %w", errLate, pgError("ERROR", pgerrcode.CheckViolation))
				}
			}
			switch mishapOf(n).kind {
			case "commit conflict":
				return false, pgError("ERROR", pgerrcode.SerializationFailure)
			case "commit not sent":
				return false, notSentError{io.ErrClosedPipe}
			case "commit rolled back":
				return false, pgx.ErrTxCommitRollback
			case "commit lost":
				return false, io.ErrUnexpectedEOF
			case "commit lost but written":
				return true, io.ErrUnexpectedEOF
			case "commit hangs":
				<-ctx.Done()
				return n%2 == 0, ctx.Err()
			}
			return true, nil
		},
	}
}

func (s scenario) apply(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
	fake := tx.(*fakeTx)
	if fake.n < len(s.mishaps) {
		switch s.mishaps[fake.n].kind {
		case "serialization":
			return nil, pgError("ERROR", pgerrcode.SerializationFailure)
		case "deadlock":
			return nil, pgError("ERROR", pgerrcode.DeadlockDetected)
		case "disk full":
			return nil, pgError("ERROR", pgerrcode.DiskFull)
		case "hang":
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	out := make(results, len(items))
	for i, n := range items {
		switch s.calls[n].kind {
		case "own error":
			out[i].Err = errOwn
			continue
		case "poison":
			return nil, errPoison
		case "panic":
			panic("panic")
		}
		fake.staged = append(fake.staged, n)
		out[i].Value = n + 1000
	}
	return out, nil
}

// run plays the scenario and returns what is wrong with the outcome, one line each.
func (s scenario) run(t *testing.T) string {
	var wrong []string
	synctest.Test(t, func(*testing.T) {
		db := s.database()
		largest := 0
		var mu sync.Mutex
		group := groupcommit.New(db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			mu.Lock()
			largest = max(largest, len(items))
			mu.Unlock()
			return s.apply(ctx, tx, items)
		}, s.opts)

		answers := make([]answer, len(s.calls))
		var wg sync.WaitGroup
		for n, call := range s.calls {
			wg.Go(func() {
				pass(call.arrives)
				ctx := context.Background()
				if call.patient > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, call.patient)
					defer cancel()
				}
				value, err := group.Do(ctx, n)
				answers[n] = answer{value, err}
			})
		}
		wg.Wait()
		if err := group.Close(context.Background()); err != nil {
			wrong = append(wrong, err.Error())
		}
		for n, call := range s.calls {
			if text := s.judge(call, n, answers[n], db.rows[n]); text != "" {
				wrong = append(wrong, fmt.Sprintf("call %d (%s): %s; error: %v", n, call.kind, text, answers[n].err))
			}
		}
		if db.open != 0 {
			wrong = append(wrong, fmt.Sprintf("%d transactions left open", db.open))
		}
		if db.most > s.opts.Concurrency {
			wrong = append(wrong, fmt.Sprintf("%d transactions at once", db.most))
		}
		if largest > s.opts.MaxBatch {
			wrong = append(wrong, fmt.Sprintf("%d items in one transaction", largest))
		}
	})
	return strings.Join(wrong, "\n")
}

// judge holds what one caller was told against what the database has.
func (s scenario) judge(call planned, n int, a answer, rows int) string {
	switch {
	case rows > 1:
		return fmt.Sprintf("committed %d times", rows)
	case rows == 1 && call.kind != "good":
		return "must not be committed"
	case a.err == nil && call.kind != "good":
		return "reported as done"
	case a.err == nil && rows != 1:
		return "reported as done but not committed"
	case a.err == nil && a.value != n+1000:
		return fmt.Sprintf("got another item's result %d", a.value)
	case a.err != nil && rows == 1 && !errors.Is(a.err, groupcommit.ErrUnknown):
		return "committed but reported as failed"
	}
	// Without any mishap, each gets exactly what is its own.
	if len(s.mishaps) > 0 || call.patient > 0 || errors.Is(a.err, groupcommit.ErrFull) {
		return ""
	}
	_, panicked := errors.AsType[*groupcommit.PanicError](a.err)
	switch call.kind {
	case "good":
		if a.err != nil {
			return "suffered for another"
		}
	case "own error":
		if a.err != errOwn { //nolint:errorlint // it must come through untouched
			return "lost its own error"
		}
	case "poison":
		if !errors.Is(a.err, errPoison) {
			return "got another's error"
		}
	case "panic":
		if !panicked {
			return "got another's error"
		}
	case "late poison":
		if !errors.Is(a.err, errLate) {
			return "got another's error"
		}
	}
	return ""
}

// TestGroup_Model plays random callers against a database to which random accidents
// happen: nobody is lost, told a lie, committed twice, or harmed by a neighbour.
func TestGroup_Model(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		if wrong := s.run(t); wrong != "" {
			rt.Fatal(wrong)
		}
	})
}
