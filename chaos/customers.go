package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// twins and late are the shares of requests that are sent twice at the same time, and once more after a while.
	twins = 0.1
	late  = 0.1
	// latest is how long after the first answer a request is sent once more, at most.
	latest = 20 * time.Second
)

// request is the body that asks for a payment.
func (p *promise) request() ([]byte, error) {
	body := map[string]any{"metadata": map[string]string{"tag": p.tag}}
	if p.order != "" {
		body["order_id"] = p.order
	} else {
		body["amount"], body["currency"] = p.amount, "INR"
	}
	if p.card != "" {
		body["method"] = "card"
		body["card"] = map[string]any{"number": p.card, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
	}
	if p.manual {
		body["capture"] = "manual"
	}
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("error encoding a request: %w", err)
	}
	return text, nil
}

// pay asks for a payment until there is an answer, now and then twice at once, or once more later.
func (t *traffic) pay(ctx context.Context, random *rand.Rand, p *promise) error {
	body, err := p.request()
	if err != nil {
		return err
	}
	if err := t.repeat(ctx, random, "/payments", p.tag, body, p.hear); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused && p.order == "" {
		return fmt.Errorf("a payment was refused: %s", p.body)
	}
	return nil
}

// repeat posts with one key and lets hear know of every clear answer.
func (t *traffic) repeat(ctx context.Context, random *rand.Rand, path, tag string, body []byte, hear func(answer)) error {
	key := idempotencyKey(t.seed, tag)
	ask := func(random *rand.Rand) error {
		a, err := t.client.insist(ctx, random, "POST", path, key, body)
		if err == nil {
			hear(a)
		}
		return err
	}
	twin, again, wait := random.Float64() < twins, random.Float64() < late, time.Duration(random.Int64N(int64(latest)))
	var both sync.WaitGroup
	var twinErr error
	if twin {
		// A source of its own: one must not be used by two at once.
		other := rand.New(rand.NewPCG(random.Uint64(), 0)) //nolint:gosec // replayed, not guessed
		both.Go(func() { twinErr = ask(other) })
	}
	err := ask(random)
	both.Wait()
	if err := errors.Join(err, twinErr); err != nil {
		return err
	}
	if !again {
		return nil
	}
	if err := pause(ctx, wait); err != nil {
		return err
	}
	return ask(random)
}

// payOrder lets two customers pay one order at the same time, which only one may.
func (t *traffic) payOrder(ctx context.Context, random *rand.Rand, tag string, amount int64) error {
	body := fmt.Appendf(nil, `{"amount":%d,"currency":"INR"}`, amount)
	a, err := t.client.insist(ctx, random, "POST", "/orders", idempotencyKey(t.seed, tag+"-order"), body)
	if err != nil {
		return err
	}
	var order struct {
		ID string `json:"id"`
	}
	if !a.ok() {
		return fmt.Errorf("an order was refused: %d %s", a.status, a.body)
	}
	if err := a.decode(&order); err != nil {
		return err
	}
	first := t.add(&promise{tag: tag, amount: amount, order: order.ID, outcome: "success", captured: amount})
	second := t.add(&promise{tag: tag + "-rival", amount: amount, order: order.ID, outcome: "success", captured: amount})
	rival := rand.New(rand.NewPCG(random.Uint64(), 1)) //nolint:gosec // replayed, not guessed
	var both sync.WaitGroup
	var rivalErr error
	both.Go(func() { rivalErr = t.pay(ctx, rival, second) })
	err = t.pay(ctx, random, first)
	both.Wait()
	if err := errors.Join(err, rivalErr); err != nil {
		return err
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.Lock()
	defer second.mu.Unlock()
	if (first.id == "") == (second.id == "") {
		first.breaks("of two payments for order %s exactly one is to be taken, not %q and %q", order.ID, first.id, second.id)
	}
	return nil
}

// payLater authorizes, and then takes two thirds of it, or lets it go.
func (t *traffic) payLater(ctx context.Context, random *rand.Rand, p *promise) error {
	if err := t.pay(ctx, random, p); err != nil {
		return err
	}
	if err := t.await(ctx, random, p.id, "authorized"); err != nil {
		return err
	}
	route, body := "/capture", fmt.Appendf(nil, `{"amount":%d}`, p.amount*2/3)
	p.outcome, p.captured = "success", p.amount*2/3
	if random.IntN(4) == 0 {
		route, body = "/cancel", []byte("{}")
		p.outcome, p.captured = "canceled", 0
	}
	err := t.repeat(ctx, random, "/payments/"+p.id+route, p.tag+route[1:], body, func(a answer) {
		if !a.ok() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.breaks("%s was refused: %d %s", route, a.status, a.body)
		}
	})
	if err != nil {
		return err
	}
	return t.await(ctx, random, p.id, p.outcome)
}

// payBack refunds three fifths twice at the same time, of which only one fits, and then what is left.
func (t *traffic) payBack(ctx context.Context, random *rand.Rand, p *promise) error {
	if err := t.pay(ctx, random, p); err != nil {
		return err
	}
	if err := t.await(ctx, random, p.id, "success"); err != nil {
		return err
	}
	part := p.amount * 3 / 5
	body := fmt.Appendf(nil, `{"amount":%d}`, part)
	rival := rand.New(rand.NewPCG(random.Uint64(), 1)) //nolint:gosec // replayed, not guessed
	var both sync.WaitGroup
	var first, second, rest refundAnswer
	var rivalErr error
	both.Go(func() {
		rivalErr = t.repeat(ctx, rival, "/payments/"+p.id+"/refunds", p.tag+"-refund-rival", body, second.hear)
	})
	err := t.repeat(ctx, random, "/payments/"+p.id+"/refunds", p.tag+"-refund", body, first.hear)
	both.Wait()
	if err := errors.Join(err, rivalErr); err != nil {
		return err
	}
	body = fmt.Appendf(nil, `{"payment_id":%q}`, p.id)
	if err := t.repeat(ctx, random, "/refunds", p.tag+"-rest", body, rest.hear); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refund(&first, part)
	p.refund(&second, part)
	p.refund(&rest, p.amount-part)
	if (first.id == "") == (second.id == "") {
		p.breaks("of two refunds of %d out of %d exactly one fits; they got %q and %q", part, p.amount, first.said, second.said)
	}
	if rest.id == "" {
		p.breaks("the refund of what is left was refused: %s", rest.said)
	}
	return nil
}

// refundAnswer is what a refund was answered, each time that it was asked for.
type refundAnswer struct {
	mu     sync.Mutex
	id     string
	amount int64
	said   string
	broken []string
}

func (r *refundAnswer) hear(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said != "" && r.said != string(a.body) {
		r.broken = append(r.broken, fmt.Sprintf("the same key of a refund got two answers:\n%s\n%s", r.said, a.body))
	}
	r.said = string(a.body)
	if !a.ok() {
		return
	}
	var refund struct {
		ID     string `json:"id"`
		Amount int64  `json:"amount"`
	}
	if err := a.decode(&refund); err != nil {
		r.broken = append(r.broken, err.Error())
		return
	}
	r.id, r.amount = refund.ID, refund.Amount
}

// refund notes a promise to pay back.
func (p *promise) refund(r *refundAnswer, amount int64) {
	for _, text := range r.broken {
		p.breaks("%s", text)
	}
	if r.id == "" {
		return
	}
	if r.amount != amount {
		p.breaks("a refund of %d was promised as %d", amount, r.amount)
	}
	p.refunds[r.id] = r.amount
}
