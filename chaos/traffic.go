package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

// promise is what the client was told about one payment that it asked for.
type promise struct {
	tag    string // in the payment's metadata
	amount int64
	card   string // "" for the shortest request
	order  string
	manual bool
	// outcome and captured are how the payment ends, by the instrument and by what was decided since.
	outcome  string
	captured int64

	mu       sync.Mutex
	id       string // "" until it is promised
	body     []byte // of the promise
	refused  bool   // there is to be none
	refunds  map[string]int64
	broken   []string
	answered bool
}

func (p *promise) breaks(format string, args ...any) {
	p.broken = append(p.broken, fmt.Sprintf("payment %s (%s): ", p.tag, p.id)+fmt.Sprintf(format, args...))
}

// hear notes a clear answer to the request for the payment.
func (p *promise) hear(a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !a.ok() {
		if p.id != "" {
			p.breaks("it was promised, and then refused: %d %s", a.status, a.body)
		}
		p.refused, p.answered, p.body = true, true, a.body
		return
	}
	var payment struct {
		ID string `json:"id"`
	}
	if err := a.decode(&payment); err != nil {
		p.breaks("%v", err)
		return
	}
	switch {
	case p.refused:
		p.breaks("it was refused, and then promised: %s", a.body)
	case p.id == "":
		p.id, p.body = payment.ID, a.body
	case p.id != payment.ID:
		p.breaks("the same key got another payment, %s", payment.ID)
	case string(p.body) != string(a.body):
		p.breaks("the same key got another answer:\n%s\n%s", p.body, a.body)
	}
	p.answered = true
}

// traffic makes payments and keeps what was promised.
type traffic struct {
	client *client
	seed   uint64
	rate   float64
	work   sync.WaitGroup

	mu       sync.Mutex
	promises []*promise
	failures []string // what could not be brought to an end
}

func (t *traffic) add(p *promise) *promise {
	p.refunds = map[string]int64{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.promises = append(t.promises, p)
	return p
}

func (t *traffic) fail(tag string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, fmt.Sprintf("%s: %v", tag, err))
}

// run starts payments at the rate until ctx ends, whatever became of those before, and finishes those that it
// began within ending.
func (t *traffic) run(ctx, ending context.Context) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / t.rate))
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		t.work.Go(func() {
			random := rand.New(rand.NewPCG(t.seed, uint64(n))) //nolint:gosec // replayed, not guessed
			tag := strconv.Itoa(n)
			if err := t.operation(ending, random, tag); err != nil {
				t.fail(tag, err)
			}
		})
	}
}

// operation is what one customer and their merchant do.
func (t *traffic) operation(ctx context.Context, random *rand.Rand, tag string) error {
	amount := 100 + random.Int64N(100_000)
	paid := func(card string) *promise {
		return t.add(&promise{tag: tag, amount: amount, card: card, outcome: "success", captured: amount})
	}
	switch n := random.IntN(100); {
	case n < 52:
		return t.pay(ctx, random, paid(""))
	case n < 60:
		return t.pay(ctx, random, paid("4242424242424242"))
	case n < 63:
		return t.pay(ctx, random, t.add(&promise{tag: tag, amount: amount, card: "4000000000000002", outcome: "failed"}))
	case n < 66: // the acquirer does not answer, and charges
		return t.pay(ctx, random, paid("4000000000001018"))
	case n < 69: // the acquirer does not answer, and does not charge until it is asked again
		return t.pay(ctx, random, paid("4000000000001026"))
	case n < 70: // the acquirer takes five seconds
		return t.pay(ctx, random, paid("4000000000001000"))
	case n < 76:
		return t.payOrder(ctx, random, tag, amount)
	case n < 86:
		card := "4242424242424242"
		if n == 76 {
			card = "4000000000001000"
		}
		return t.payLater(ctx, random, t.add(&promise{tag: tag, amount: amount, card: card, manual: true}))
	default:
		return t.payBack(ctx, random, paid(""))
	}
}

// await asks for the payment until it has come to the state, or past it.
func (t *traffic) await(ctx context.Context, random *rand.Rand, id string, states ...string) error {
	for {
		a, err := t.client.insist(ctx, random, "GET", "/payments/"+id, "", nil)
		if err != nil {
			return err
		}
		if !a.ok() {
			return fmt.Errorf("payment %s was promised, and asking for it got %d %s", id, a.status, a.body)
		}
		var payment struct {
			Status string `json:"status"`
		}
		if err := a.decode(&payment); err != nil {
			return err
		}
		if slices.Contains(states, payment.Status) {
			return nil
		}
		if err := pause(ctx, 300*time.Millisecond+time.Duration(random.Int64N(int64(700*time.Millisecond)))); err != nil {
			return fmt.Errorf("payment %s is %s: %w", id, payment.Status, err)
		}
	}
}
