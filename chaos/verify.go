package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"paygate/webhooks"
)

// findings is what a run has shown.
type findings struct {
	rig        *rig
	plan       []fault
	quietAfter time.Duration
	unquiet    error
	checks     []check
	events     int

	mu   sync.Mutex
	made []made
}

// check is one promise, and how often it was broken.
type check struct {
	meaning string
	// count is how many were looked at.
	count  int
	broken []string
	// conduct is how the gateway behaved meanwhile, rather than what came of it.
	conduct bool
}

func (f *findings) add(m made) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = append(f.made, m)
}

func (f *findings) broken() int {
	sum := 0
	for _, c := range f.checks {
		sum += len(c.broken)
	}
	return sum
}

// wrong is how many of the promises about money and webhooks were broken.
func (f *findings) wrong() int {
	sum := 0
	for _, c := range f.checks {
		if !c.conduct {
			sum += len(c.broken)
		}
	}
	return sum
}

// waiting counts what still has to happen.
const waiting = `SELECT
	(SELECT count(*) FROM payments WHERE status IN ('pending', 'processing') OR operation IS NOT NULL AND status IN ('authorized', 'requires_action')),
	(SELECT count(*) FROM refunds WHERE status = 'pending'),
	(SELECT count(*) FROM webhook_deliveries WHERE status IN ('pending', 'retrying', 'paused')),
	(SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending')
		AND kind IN ('process_payment', 'finish_payment', 'process_refund', 'deliver_webhook'))`

// rest waits until nothing has to happen any more; the error says what still does.
func (r *rig) rest(ctx context.Context) error {
	return await(ctx, r.options.quiet, time.Second, func(ctx context.Context) error {
		return r.postgres.with(ctx, func(conn *pgx.Conn) error {
			var payments, refunds, deliveries, jobs int
			if err := conn.QueryRow(ctx, waiting).Scan(&payments, &refunds, &deliveries, &jobs); err != nil {
				return fmt.Errorf("error looking for what has to happen: %w", err)
			}
			if payments+refunds+deliveries+jobs > 0 {
				return fmt.Errorf("%d payments, %d refunds, %d deliveries and %d jobs are not final", payments, refunds, deliveries, jobs)
			}
			return nil
		})
	})
}

// verify compares all books.
func (f *findings) verify(ctx context.Context) {
	f.note("every request got a clear answer, and every payment came to its end for the client", f.rig.traffic.seen(), f.rig.traffic.failures)
	f.note("nothing is stuck", 1, asList(f.unquiet))
	f.checkFaults()
	err := f.rig.postgres.with(ctx, func(conn *pgx.Conn) error {
		return errors.Join(f.checkPayments(ctx, conn), f.checkRefunds(ctx, conn), f.checkEvents(ctx, conn), f.checkAcquirer(ctx, conn))
	})
	f.note("the books could be read", 1, asList(err))
	f.checkDoctor(ctx)
	f.checkAnswers()
}

func (t *traffic) seen() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.promises)
}

func (f *findings) note(meaning string, count int, broken []string) {
	f.checks = append(f.checks, check{meaning: meaning, count: count, broken: broken})
}

func (f *findings) noteConduct(meaning string, count int, broken []string) {
	f.checks = append(f.checks, check{meaning: meaning, count: count, broken: broken, conduct: true})
}

func asList(err error) []string {
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}

// checkFaults holds the recoveries to what was promised.
func (f *findings) checkFaults() {
	var broken, late []string
	for _, m := range f.made {
		if m.err != nil {
			broken = append(broken, fmt.Sprintf("%s: %v", strings.TrimSpace(m.String()), m.err))
		}
		if m.kind.bound > 0 && m.recovery > m.kind.bound {
			late = append(late, fmt.Sprintf("%s: %s after %s", strings.TrimSpace(m.String()), m.kind.recovery, m.recovery))
		}
	}
	f.noteConduct("every fault was made and mended as planned", len(f.made), broken)
	f.noteConduct(fmt.Sprintf("payments succeed within %s of Postgres' return, and interrupted jobs run again within %s", boundSuccess, boundJobs), len(f.made), late)
}

type paymentRow struct {
	id, status                 string
	amount, captured, refunded int64
}

// checkPayments holds the payments that there are against those that were promised.
func (f *findings) checkPayments(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "SELECT coalesce(metadata ->> 'tag', ''), id, status, amount, amount_captured, amount_refunded FROM payments")
	if err != nil {
		return fmt.Errorf("error reading payments: %w", err)
	}
	found := map[string][]paymentRow{}
	var tag string
	var row paymentRow
	count := 0
	_, err = pgx.ForEachRow(rows, []any{&tag, &row.id, &row.status, &row.amount, &row.captured, &row.refunded}, func() error {
		count++
		found[tag] = append(found[tag], row)
		return nil
	})
	if err != nil {
		return fmt.Errorf("error reading payments: %w", err)
	}
	var said, lost, doubled, wrong []string
	for _, p := range f.rig.traffic.promises {
		p.mu.Lock()
		said = append(said, p.broken...)
		there := found[p.tag]
		delete(found, p.tag)
		switch {
		case len(there) > 1:
			doubled = append(doubled, fmt.Sprintf("payment %s is there %d times: %+v", p.tag, len(there), there))
		case p.id != "" && (len(there) == 0 || there[0].id != p.id):
			lost = append(lost, fmt.Sprintf("payment %s was promised as %s; there is %+v", p.tag, p.id, there))
		case p.refused && len(there) > 0:
			doubled = append(doubled, fmt.Sprintf("payment %s was refused; there is %+v", p.tag, there))
		case len(there) == 1:
			var refunded int64
			for _, amount := range p.refunds {
				refunded += amount
			}
			if want := (paymentRow{there[0].id, p.outcome, p.amount, p.captured, refunded}); there[0] != want {
				wrong = append(wrong, fmt.Sprintf("payment %s is %+v, and should be %+v", p.tag, there[0], want))
			}
		}
		p.mu.Unlock()
	}
	for tag, there := range found {
		doubled = append(doubled, fmt.Sprintf("nobody asked for payment %q: %+v", tag, there))
	}
	f.note("no answer contradicts another", count, said)
	f.note("every payment that was promised is there (0 lost)", count, lost)
	f.note("no payment is there twice, or without having been promised (0 doubled)", count, doubled)
	f.note("every payment ended as its customer and merchant wanted", count, wrong)
	return nil
}

// checkRefunds holds the refunds that there are against those that were promised.
func (f *findings) checkRefunds(ctx context.Context, conn *pgx.Conn) error {
	promised := map[string]int64{}
	for _, p := range f.rig.traffic.promises {
		maps.Copy(promised, p.refunds)
	}
	rows, err := conn.Query(ctx, "SELECT id, payment_id, amount, status FROM refunds")
	if err != nil {
		return fmt.Errorf("error reading refunds: %w", err)
	}
	var id, payment, status string
	var amount int64
	var wrong []string
	count := 0
	_, err = pgx.ForEachRow(rows, []any{&id, &payment, &amount, &status}, func() error {
		count++
		want, known := promised[id]
		delete(promised, id)
		if !known || want != amount || status != "processed" {
			wrong = append(wrong, fmt.Sprintf("refund %s of %s over %d is %s; promised were %d", id, payment, amount, status, want))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("error reading refunds: %w", err)
	}
	for id, amount := range promised {
		wrong = append(wrong, fmt.Sprintf("refund %s over %d was promised and is not there", id, amount))
	}
	f.note("every refund that was promised was paid, and no other", count, wrong)
	var over []string
	rows, err = conn.Query(ctx, `SELECT p.id || ': ' || sum(r.amount) || ' of ' || p.amount_captured FROM refunds r JOIN payments p ON p.id = r.payment_id
		GROUP BY p.id HAVING sum(r.amount) > p.amount_captured`)
	if err == nil {
		over, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return fmt.Errorf("error adding up refunds: %w", err)
	}
	f.note("no payment was refunded by more than it took (0 over-refunded)", count, over)
	return nil
}

// checkEvents holds what the sink has against what has happened.
func (f *findings) checkEvents(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "SELECT id, type, coalesce(refund_id, payment_id, order_id, ''), body FROM events")
	if err != nil {
		return fmt.Errorf("error reading events: %w", err)
	}
	s := f.rig.sink
	s.mu.Lock()
	defer s.mu.Unlock()
	var id, kind, about, body string
	var missing, wrong []string
	told := map[string]map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &about, &body}, func() error {
		f.events++
		if told[about] == nil {
			told[about] = map[string]bool{}
		}
		told[about][kind] = true
		for path, types := range subscriptions {
			got := s.inboxes[path].receipts[id]
			switch subscribed := webhooks.Subscribed(types, webhooks.Type(kind)); {
			case subscribed && got == nil:
				missing = append(missing, fmt.Sprintf("%s has not got %s %s of %s", path, kind, id, about))
			case !subscribed && got != nil:
				wrong = append(wrong, fmt.Sprintf("%s got %s %s, which it did not subscribe to", path, kind, id))
			case got != nil && got.body != sha256.Sum256([]byte(body)):
				wrong = append(wrong, fmt.Sprintf("%s got another %s %s than was stored", path, kind, id))
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("error reading events: %w", err)
	}
	// And those that should have happened, by what the client was promised.
	for _, p := range f.rig.traffic.promises {
		if p.id == "" {
			continue
		}
		for _, kind := range []string{"payment.created", "payment." + p.outcome} {
			if !told[p.id][kind] {
				missing = append(missing, fmt.Sprintf("there is no %s of %s", kind, p.id))
			}
		}
		for refund := range p.refunds {
			for _, kind := range []string{"refund.created", "refund.processed"} {
				if !told[refund][kind] {
					missing = append(missing, fmt.Sprintf("there is no %s of %s", kind, refund))
				}
			}
		}
	}
	f.note("every event is at every endpoint that subscribed to it (0 missing webhooks)", f.events, missing)
	f.note("every webhook was signed and is what was stored", f.events, append(wrong, s.refused...))
	return nil
}

// checkAcquirer adds up what the acquirer has booked, and what the client believes.
func (f *findings) checkAcquirer(ctx context.Context, conn *pgx.Conn) error {
	var captured, refunded, charges int64
	for _, p := range f.rig.traffic.promises {
		if p.id == "" {
			continue
		}
		charges++
		captured += p.captured
		for _, amount := range p.refunds {
			refunded += amount
		}
	}
	var bookedCharges, bookedCaptured, bookedRefunded int64
	err := conn.QueryRow(ctx, `SELECT count(*), coalesce(sum(captured), 0)::bigint, coalesce(sum(refunded), 0)::bigint
		FROM acquirer.operations WHERE kind IN ('authorize', 'sale')`).Scan(&bookedCharges, &bookedCaptured, &bookedRefunded)
	if err != nil {
		return fmt.Errorf("error reading the acquirer's books: %w", err)
	}
	var wrong []string
	for _, compared := range []struct {
		what         string
		ours, theirs int64
	}{{"charges", charges, bookedCharges}, {"captured", captured, bookedCaptured}, {"refunded", refunded, bookedRefunded}} {
		if compared.ours != compared.theirs {
			wrong = append(wrong, fmt.Sprintf("%s: the client counts %d, the acquirer %d", compared.what, compared.ours, compared.theirs))
		}
	}
	f.note(fmt.Sprintf("the acquirer's books say what the client believes (captured %d, refunded %d)", captured, refunded), int(charges), wrong)
	return nil
}

// checkDoctor runs the gateway's own examination, to which everything counts as settled by now.
func (f *findings) checkDoctor(ctx context.Context) {
	var examined []struct {
		Name       string `json:"name"`
		Meaning    string `json:"meaning"`
		Violations int64  `json:"violations"`
	}
	// Exit status 1 says that there are violations, which the output tells, too.
	out, err := f.rig.paygate(ctx, f.rig.builds.first.plain, "doctor", "--json", "--settled=1s", "--stuck=1s")
	if decoding := json.Unmarshal(out, &examined); decoding != nil {
		f.note("doctor runs", 1, asList(errors.Join(err, decoding)))
		return
	}
	var broken []string
	for _, e := range examined {
		if e.Violations > 0 {
			broken = append(broken, fmt.Sprintf("%s: %d (not so: %s)", e.Name, e.Violations, e.Meaning))
		}
	}
	f.note("paygate doctor finds nothing", len(examined), broken)
}

// checkAnswers looks at how the client was treated.
func (f *findings) checkAnswers() {
	c := f.rig.client
	f.noteConduct("every failure was a clear one (503, or a problem with a code)", len(c.times), c.strange)
	var unclean []string
	for _, m := range f.rig.members {
		unclean = append(unclean, m.unclean...)
	}
	slices.Sort(unclean)
	f.noteConduct("every process that was asked to end did so in order, where Postgres was there", len(f.made), unclean)
}
