package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// demoSecret is that of the merchant that `paygate seed` makes.
const demoSecret = "secret_test_xyz789"

// The settings that differ from the defaults, so that what takes minutes in production takes seconds here.
const (
	jobTimeout     = 10 * time.Second
	webhookTimeout = 3 * time.Second
	// Long enough for any fault of the sink, and the last pause no longer than the wait for quiet.
	retrySchedule = "0s,1s,1s,2s,2s,3s,3s,5s,5s,5s,10s,10s,10s,10s,15s,15s,15s,15s,20s,20s,20s,20s,30s,30s,30s,30s,30s,30s,30s,30s"
)

// rig is everything that takes part in a run.
type rig struct {
	options   options
	dir       string
	rescue    time.Duration
	log       *journal
	builds    *builds
	postgres  *database
	volumeErr string
	redis     *cache // nil where the stores are replicated
	fleet     *fleet // nil where they are not
	sink      *sink
	members   []*member
	client    *client
	traffic   *traffic
	parts     map[string]*sync.Mutex
	stops     []func(ctx context.Context) error

	failoversMu sync.Mutex
	failovers   []failover
}

func startRig(ctx context.Context, o options, log *journal) (*rig, error) {
	r := &rig{options: o, rescue: o.rescue, log: log, parts: map[string]*sync.Mutex{}}
	for _, k := range kinds {
		for target := range secondWorker + 1 {
			for _, part := range k.parts(target) {
				r.parts[part] = new(sync.Mutex)
			}
		}
	}
	if err := r.makeFolder(); err != nil {
		return r, err
	}
	var err error
	building, cancel := context.WithCancel(ctx)
	r.builds, err = build(building, r.dir, o, log)
	r.onStop(func(context.Context) error {
		cancel()
		if r.builds != nil {
			r.builds.wait()
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if err := r.startServers(ctx); err != nil {
		return r, err
	}
	if err := r.startMembers(ctx); err != nil {
		return r, err
	}
	bases := []string{"http://" + r.members[firstAPI].addr, "http://" + r.members[secondAPI].addr}
	r.client = newClient(bases, demoSecret)
	r.traffic = &traffic{client: r.client, seed: o.seed, rate: o.rate}
	return r, r.subscribe(ctx)
}

func (r *rig) onStop(stop func(ctx context.Context) error) { r.stops = append(r.stops, stop) }

func (r *rig) stop(ctx context.Context) error {
	var errs []error
	for _, stop := range slices.Backward(r.stops) {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(errs...)
}

func (r *rig) makeFolder() error {
	r.dir = r.options.folder
	if r.dir != "" {
		if err := os.MkdirAll(r.dir, 0o711); err != nil { //nolint:gosec // a server with an account of its own has to reach its folder
			return fmt.Errorf("error making a folder: %w", err)
		}
		return nil
	}
	var err error
	if r.dir, err = os.MkdirTemp("", "paygate-chaos-"); err != nil {
		return fmt.Errorf("error making a folder: %w", err)
	}
	r.onStop(func(context.Context) error { return os.RemoveAll(r.dir) })
	if err := os.Chmod(r.dir, 0o711); err != nil { //nolint:gosec // as above
		return fmt.Errorf("error opening the folder: %w", err)
	}
	return nil
}

func (r *rig) startServers(ctx context.Context) error {
	folder := filepath.Join(r.dir, "disk")
	v, err := mountVolume(folder)
	if err != nil {
		r.volumeErr = err.Error()
	} else {
		r.onStop(func(context.Context) error { return v.unmount() })
	}
	if err := r.startStores(ctx, folder, v); err != nil {
		return err
	}
	if r.sink, err = startSink(ctx, webhookTimeout); err != nil {
		return err
	}
	r.onStop(func(context.Context) error { return r.sink.die() })
	for _, arguments := range [][]string{{"migrate"}, {"seed", "--receiver-url=http://" + r.sink.addr + "/demo"}} {
		if _, err := r.paygate(ctx, r.builds.first.plain, arguments...); err != nil {
			return err
		}
	}
	return nil
}

// startStores starts Postgres, with its data in folder, and Redis.
func (r *rig) startStores(ctx context.Context, folder string, v *volume) (err error) {
	if r.options.replicated() {
		// In memory where it can be: a disk that others keep busy would make etcd forget who leads.
		if err := os.MkdirAll(folder, 0o711); err != nil { //nolint:gosec // the servers' account goes through it
			return fmt.Errorf("error making a folder: %w", err)
		}
		r.postgres, err = startReplicated(ctx, filepath.Join(folder, "cluster"), r.dir)
		r.onStop(r.postgres.stop)
		if err != nil {
			return err
		}
		r.fleet, err = startFleet(ctx, filepath.Join(r.dir, "redis"))
		r.onStop(r.fleet.stop)
		return err
	}
	r.postgres, err = startDatabase(ctx, filepath.Join(folder, "postgres"), v)
	r.onStop(r.postgres.stop)
	if err != nil {
		return err
	}
	if r.redis, err = startCache(ctx, filepath.Join(r.dir, "redis")); err != nil {
		return err
	}
	r.onStop(r.redis.stop)
	return nil
}

// common is the environment of every process of the gateway.
func (r *rig) common() []string {
	return []string{"PAYGATE_DEVELOPMENT=true", "PAYGATE_LOG_LEVEL=info", "WEBHOOK_ALLOW_CIDRS=127.0.0.0/8", "PATH=/usr/bin:/bin", "HOME=" + r.dir}
}

// paygate runs a command of the binary on the database, past all faulty lines, and returns what it printed.
func (r *rig) paygate(ctx context.Context, binary string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, binary, arguments...)
	command.Env = append(r.common(), "DATABASE_URL="+r.postgres.url())
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		return out, fmt.Errorf("error running paygate %s: %w\n%s", strings.Join(arguments, " "), err, failure.String())
	}
	return out, nil
}

// startMembers starts the processes of the gateway. They run until the rig stops.
func (r *rig) startMembers(ctx context.Context) error {
	// Theirs ends when the rig stops, after the work that is under way.
	ctx2, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.onStop(func(context.Context) error {
		cancel()
		for _, m := range r.members {
			<-m.ended
		}
		return nil
	})
	for i, role := range []string{"api", "api", "worker", "worker"} {
		m, err := r.newMember(ctx, fmt.Sprintf("%s-%d", role, i%2+1), role)
		if err != nil {
			return err
		}
		if r.options.clock && slices.Contains(clocked(r), i) {
			m.clock = filepath.Join(r.dir, m.name+".clock")
			m.environment = append(m.environment, clockVariable+"="+m.clock)
			if err := m.setClock(0); err != nil {
				return err
			}
		}
		m.replace(r.builds.first.of(m))
		r.members = append(r.members, m)
		go m.supervise(ctx2)
	}
	for _, m := range r.members {
		if err := m.startsFirst(ctx); err != nil {
			return err
		}
	}
	return nil
}

// startsFirst waits for the first process of a member.
func (m *member) startsFirst(ctx context.Context) error {
	err := await(ctx, startLimit, time.Millisecond, func(context.Context) error {
		if m.running() == nil {
			return errors.New("it has not been started")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.ready(ctx)
}

func (r *rig) newMember(ctx context.Context, name, role string) (*member, error) {
	m := &member{name: name, role: role, dir: r.dir, log: r.log, ended: make(chan struct{})}
	for _, addr := range []*string{&m.addr, &m.admin} {
		var err error
		if *addr, err = freeAddr(ctx); err != nil {
			return nil, err
		}
	}
	var url string
	var err error
	if m.postgres, url, err = r.postgres.link(ctx, name); err != nil {
		return nil, err
	}
	m.environment = append(r.common(), "DATABASE_URL="+url, "PAYGATE_ADMIN_ADDR="+m.admin)
	if role == "worker" {
		m.environment = append(m.environment,
			"RIVER_JOB_TIMEOUT="+jobTimeout.String(), "RIVER_RESCUE_AFTER="+r.rescue.String(),
			"WEBHOOK_TIMEOUT="+webhookTimeout.String(), "WEBHOOK_RETRY_SCHEDULE="+retrySchedule,
			"PROCESSOR_LATENCY_MIN=5ms", "PROCESSOR_LATENCY_MAX=150ms")
		return m, nil
	}
	var redis string
	if r.fleet != nil {
		redis = r.fleet.url()
	} else {
		if m.redis, err = r.redis.link(ctx, name); err != nil {
			return nil, err
		}
		redis = "redis://" + m.redis.addr() + "/0"
	}
	// The limit is counted, in Redis while there is one, and never reached.
	m.environment = append(m.environment, "PAYGATE_API_ADDR="+m.addr, "REDIS_URL="+redis, "RATE_LIMIT=1000000/s")
	return m, nil
}

// The endpoints: one hears everything, the other what merchants wait for.
var subscriptions = map[string][]string{
	"/everything": {"*"},
	"/outcomes":   {"payment.success", "payment.failed", "payment.canceled", "refund.*", "order.paid"},
}

// subscribe makes the endpoints. The demo endpoint, whose secret everybody knows, goes.
func (r *rig) subscribe(ctx context.Context) error {
	base := r.client.bases[firstAPI]
	if a, err := r.client.once(ctx, base, http.MethodDelete, "/webhook_endpoints/we_demo", "", nil); err != nil || !a.ok() {
		return fmt.Errorf("error deleting the demo endpoint: %w (%d %s)", err, a.status, a.body)
	}
	for path, types := range subscriptions {
		body := fmt.Appendf(nil, `{"url":"http://%s%s","event_types":["%s"]}`, r.sink.addr, path, strings.Join(types, `","`))
		a, err := r.client.once(ctx, base, http.MethodPost, "/webhook_endpoints", "", body)
		if err != nil || !a.ok() {
			return fmt.Errorf("error making an endpoint: %w (%d %s)", err, a.status, a.body)
		}
		var endpoint struct {
			Secret string `json:"secret"`
		}
		if err := errors.Join(a.decode(&endpoint), r.sink.open(path, endpoint.Secret)); err != nil {
			return err
		}
	}
	return nil
}

// carryOut makes traffic and faults, waits until nothing moves, and compares the books.
func (r *rig) carryOut(ctx context.Context, o options, plan []fault) *findings {
	results := &findings{rig: r, plan: plan}
	began := time.Now()
	running, stop := context.WithTimeout(ctx, o.duration)
	defer stop()
	ending, giveUp := context.WithTimeout(ctx, o.duration+o.quiet)
	defer giveUp()

	var work sync.WaitGroup
	work.Go(func() { r.traffic.run(running, ending) })
	work.Go(func() { r.progress(running) })
	for _, f := range plan {
		if pause(ctx, f.at-time.Since(began)) != nil {
			break
		}
		work.Go(func() { results.add(r.make(ctx, f)) })
	}
	work.Wait()
	r.log.say("no more payments; waiting until nothing moves")
	quiet := time.Now()
	r.traffic.work.Wait()
	results.unquiet = r.rest(ending)
	results.quietAfter = time.Since(quiet)
	r.log.say("quiet after %.1f s; comparing the books", results.quietAfter.Seconds())
	results.verify(ctx)
	return results
}

// progress tells every minute how far the run is.
func (r *rig) progress(ctx context.Context) {
	for pause(ctx, time.Minute) == nil {
		r.traffic.mu.Lock()
		n := len(r.traffic.promises)
		r.traffic.mu.Unlock()
		r.log.say("%d payments so far", n)
	}
}
