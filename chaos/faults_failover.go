package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// failoverLength is longer than Patroni takes to put another primary in the place of one that is gone.
	failoverLength = (leaseSeconds + 2*loopSeconds + 2) * time.Second
	// rejoining is what an old primary needs in most cases to follow the new one.
	rejoining = 12 * time.Second
)

// failover is what a change of the primary took. It is the stores' own time: the bounds of the gateway count from its end.
type failover struct {
	kind *kind
	// promoted is from the fault until there was another primary.
	promoted time.Duration
	// rejoined is from when the old one was let back until it followed the new one.
	rejoined time.Duration
}

func (r *rig) noteFailover(f failover) {
	r.failoversMu.Lock()
	defer r.failoversMu.Unlock()
	r.failovers = append(r.failovers, f)
}

// succession is one thing that can be done to the primary.
type succession struct {
	// leave is done to it, and restore to what is left of it once another one leads.
	leave, restore func(ctx context.Context) error
	// other waits for another primary, whole for its replica.
	other func(ctx context.Context) (time.Time, error)
	whole func(ctx context.Context) error
	// uses waits until the gateway uses the new primary, which has been there since a moment.
	uses func(ctx context.Context, since time.Time) (time.Duration, error)
}

// carryOut brings everything back, whatever went wrong, and returns how long the gateway took.
func (s succession) carryOut(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	began := time.Now()
	took := failover{kind: f.kind}
	var recovery time.Duration
	err := s.leave(ctx)
	if err == nil {
		var at time.Time
		if at, err = s.other(ctx); err == nil {
			took.promoted = at.Sub(began)
			r.log.say("%s: there is another primary after %.2f s", f.kind.name, took.promoted.Seconds())
			recovery, err = s.uses(ctx, at)
		}
	}
	waited := pause(ctx, f.length-time.Since(began))
	back := time.Now()
	err = errors.Join(err, waited, s.restore(ctx))
	if err == nil {
		err = s.whole(ctx)
	}
	if err == nil {
		took.rejoined = time.Since(back)
		r.log.say("%s: the old primary follows the new one after %.2f s", f.kind.name, took.rejoined.Seconds())
		r.noteFailover(took)
	}
	return recovery, err
}

// failPostgresOver takes the primary away, and lets it back as a replica.
func failPostgresOver(leave func(ctx context.Context, n *node) error, restore func(n *node) error) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		c := r.postgres.cluster
		if err := c.awaitWhole(ctx); err != nil {
			return 0, err
		}
		old, err := c.leader(ctx)
		if err != nil {
			return 0, err
		}
		r.log.say("%s leads", old.name)
		return succession{
			leave:   func(ctx context.Context) error { return leave(ctx, old) },
			restore: func(context.Context) error { return restore(old) },
			other:   func(ctx context.Context) (time.Time, error) { return c.awaitOther(ctx, old) },
			whole:   c.awaitWhole,
			uses:    r.writesSince,
		}.carryOut(ctx, r, f)
	}
}

// killNode ends Patroni and Postgres without warning, in the order in which neither can do anything about the other.
func killNode(ctx context.Context, n *node) error { return n.end(ctx, nil, syscall.SIGKILL) }

// cutOff makes lines of a node bad: all of them, or only the one to etcd, without which it may not lead.
func cutOff(lines func(n *node) []*link, worsen func(*link) error) func(context.Context, *node) error {
	return func(_ context.Context, n *node) error { return each(lines(n), worsen) }
}

func connectAgain(n *node) error { return each(n.lines(), (*link).restore) }

func etcdLine(n *node) []*link { return []*link{n.toEtcd} }

// writesSince returns how long after a moment something could be written again: reading may go on without a primary.
func (r *rig) writesSince(ctx context.Context, back time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	at, err := r.client.successAfterNow(ctx, http.MethodPost)
	return at.Sub(back), err
}

// failRedisOver kills the primary, and starts it again, empty and believing that it leads.
func failRedisOver(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	if err := r.fleet.awaitWhole(ctx); err != nil {
		return 0, err
	}
	old, err := r.fleet.primary(ctx)
	if err != nil {
		return 0, err
	}
	return succession{
		leave:   old.stop,
		restore: old.start,
		other:   func(ctx context.Context) (time.Time, error) { return r.fleet.awaitOther(ctx, old) },
		whole:   r.fleet.awaitWhole,
		uses:    r.redisUsedSince,
	}.carryOut(ctx, r, f)
}

// redisUsedSince returns how long after a moment all APIs have a Redis.
func (r *rig) redisUsedSince(ctx context.Context, since time.Time) (time.Duration, error) {
	for _, m := range r.members[firstAPI : secondAPI+1] {
		err := await(ctx, time.Minute, 20*time.Millisecond, func(ctx context.Context) error { return m.hasRedis(ctx) })
		if err != nil {
			return 0, fmt.Errorf("error waiting for %s to use Redis: %w", m.name, err)
		}
	}
	return time.Since(since), nil
}

// hasRedis asks an API what it misses.
func (m *member) hasRedis(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.addr+"/health/ready", nil)
	if err != nil {
		return fmt.Errorf("error making a request: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("error asking %s: %w", m.name, err)
	}
	defer response.Body.Close()
	var state struct {
		Redis string `json:"redis"`
	}
	if err := json.UnmarshalRead(response.Body, &state); err != nil {
		return fmt.Errorf("error reading the answer of %s: %w", m.name, err)
	}
	if state.Redis != "ok" {
		return fmt.Errorf("to %s Redis is %s", m.name, state.Redis)
	}
	return nil
}
