package webhooks

import (
	"sync"
	"time"
)

// The bounds of lanes. One process has one set of lanes; with several processes each bound holds
// for each of them.
const (
	// laneStart is how many attempts may be in flight at an endpoint that nothing is known of.
	laneStart = 4
	// laneMax is the same at an endpoint that keeps answering fast.
	laneMax = 32
	// laneFast is what counts as fast.
	laneFast = time.Second
	// lineFor is how long a delivery waits in memory for a place in a lane. A burst at an endpoint that keeps
	// up is over sooner than its deliveries could be parked and claimed again, which are two writes for each. Where
	// several processes share the processors a burst takes them that much longer, so it is no fraction of a second.
	lineFor = 2 * time.Second
	// lineMax is how many deliveries wait so, at all endpoints together. Each is loaded by then, and may hold some 100 kB.
	lineMax = 1024
	// breakAfter is how many failures in a row open an endpoint's breaker.
	breakAfter = 10
	// The breaker stays open for firstBreak, and twice as long each time a probe fails, up to longestBreak.
	firstBreak   = 10 * time.Second
	longestBreak = 10 * time.Minute
	// rateSlack is how much too early requests may come at an endpoint with a rate limit: a burst of a
	// tenth of a second's worth.
	rateSlack = 100 * time.Millisecond
	// laneIdle is after how long a lane that nobody uses is forgotten.
	laneIdle = 10 * time.Minute
)

// lanes keep what one endpoint does from delaying the deliveries of another: each endpoint has a
// lane with a few places, which grow while it answers fast and shrink when it does not, and a
// breaker that closes the lane while it fails.
type lanes struct {
	now func() time.Time
	// share bounds the attempts in flight at all endpoints together that are not known to be fast, and the
	// jobs whose deliveries wait in memory for a place. It is two fifths of the workers, so that however many
	// hang and wait, the others find a worker.
	share int

	mu         sync.Mutex
	byEndpoint map[string]*lane
	// unproven counts the attempts in flight in lanes that are not proven, lined the jobs that have deliveries in a line, turns those deliveries.
	unproven, lined, turns int
	swept                  time.Time
}

// lane is what is known of one endpoint.
type lane struct {
	// inFlight counts the attempts, parked those of them that are of parked deliveries.
	inFlight, parked int
	// limit is how many may be in flight.
	limit int
	// proven says that the last answer was a fast success.
	proven bool
	// failures counts the failures in a row.
	failures int
	// openUntil is when the breaker lets a probe through; zero while it is closed.
	openUntil time.Time
	openFor   time.Duration
	// interval is the endpoint's rate limit as the time between two requests, zero for none; after is when
	// the next one is in time (the generic cell rate algorithm: one value, no counters to refill).
	interval time.Duration
	after    time.Time
	// line is who waits in memory for a place, the first first.
	line []*turn
	// draining says that a goroutine claims what is parked, and drainAgain that more was parked since it looked last.
	draining, drainAgain bool
	// waiting says that deliveries were parked since the lane was last found empty of them.
	waiting bool
	used    time.Time
}

func newLanes(now func() time.Time, workers int) *lanes {
	return &lanes{now: now, share: max(2*workers/5, 1), byEndpoint: make(map[string]*lane), swept: now()}
}

// place is a place in a lane, to be given back with what came of the attempt.
type place struct {
	lanes            *lanes
	lane             *lane
	unproven, parked bool
}

// enter takes a place at an endpoint. With none it is nil, and the endpoint's deliveries are to be
// parked. A forced entry (a resend by hand) is let in whatever the state.
func (l *lanes) enter(endpointID string, forced bool) *place {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	of := l.lane(endpointID, now)
	if !forced && !l.admitsNew(of, now) {
		of.waiting = true
		return nil
	}
	return l.take(of, now)
}

// enterParked takes a place for a delivery that is parked.
func (l *lanes) enterParked(endpointID string) *place {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	of := l.lane(endpointID, now)
	if !l.admitsParked(of, now) {
		of.waiting = true
		return nil
	}
	p := l.take(of, now)
	p.parked = true
	of.parked++
	return p
}

func (l *lanes) lane(endpointID string, now time.Time) *lane {
	of := l.byEndpoint[endpointID]
	if of == nil {
		of = &lane{limit: laneStart}
		l.byEndpoint[endpointID] = of
	}
	of.used = now
	return of
}

// take takes a place in a lane that admits.
func (l *lanes) take(of *lane, now time.Time) *place {
	of.inFlight++
	if of.interval > 0 {
		of.after = later(of.after, now).Add(of.interval)
	}
	p := &place{lanes: l, lane: of, unproven: !of.proven}
	if p.unproven {
		l.unproven++
	}
	return p
}

func (l *lanes) admits(of *lane, now time.Time) bool {
	if of.after.Sub(now) > rateSlack {
		return false
	}
	if !of.openUntil.IsZero() {
		// One probe at a time, when its time has come.
		return of.inFlight == 0 && !now.Before(of.openUntil)
	}
	return of.inFlight < of.limit && (of.proven || l.unproven < l.share)
}

// admitsNew and admitsParked share a lane between deliveries that come and those that are parked: where both want places, half
// is for each. If all were for what is parked, whatever came meanwhile would have to be parked as well, and the lane would not
// come out of that before it has nothing to do.
func (l *lanes) admitsNew(of *lane, now time.Time) bool {
	return l.admits(of, now) && (!of.waiting || of.inFlight-of.parked < max(of.limit/2, 1))
}

func (l *lanes) admitsParked(of *lane, now time.Time) bool {
	return l.admits(of, now) && (len(of.line) == 0 || of.parked < max(of.limit/2, 1))
}

// leave gives a place back after an attempt. It returns when a probe should follow, if the attempt
// opened the breaker, and whether deliveries may be waiting for the place.
func (p *place) leave(failed bool, took time.Duration) (probeAt time.Time, waiting bool) {
	p.lanes.mu.Lock()
	defer p.lanes.mu.Unlock()
	p.free()
	of := p.lane
	defer p.lanes.serve(of)
	if !failed {
		of.failures, of.openUntil, of.openFor = 0, time.Time{}, 0
		if of.proven = took < laneFast; of.proven {
			of.limit = min(of.limit+1, laneMax)
		} else {
			of.limit = max(of.limit/2, 1)
		}
		return time.Time{}, of.waiting
	}
	of.failures++
	of.proven = false
	of.limit = max(of.limit/2, 1)
	probed := !of.openUntil.IsZero()
	if !probed && of.failures < breakAfter {
		return time.Time{}, of.waiting
	}
	if probed && p.lanes.now().Before(of.openUntil) {
		return time.Time{}, false // was in flight when the breaker opened
	}
	of.openFor = min(max(2*of.openFor, firstBreak), longestBreak)
	of.openUntil = p.lanes.now().Add(of.openFor)
	return of.openUntil, false
}

// unused gives a place back that no attempt was made in.
func (p *place) unused() {
	p.lanes.mu.Lock()
	defer p.lanes.mu.Unlock()
	p.free()
	if !p.lane.after.IsZero() {
		p.lane.after = p.lane.after.Add(-p.lane.interval)
	}
	p.lanes.serve(p.lane)
}

// limitRate sets how many requests a second an endpoint gets, nil for as many as it takes. Who is in the
// lane by then is not counted.
func (l *lanes) limitRate(endpointID string, perSecond *int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.byEndpoint[endpointID]
	switch {
	case of == nil:
	case perSecond == nil:
		of.interval, of.after = 0, time.Time{}
	default:
		of.interval = time.Second / time.Duration(*perSecond)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *place) free() {
	p.lane.inFlight--
	if p.parked {
		p.lane.parked--
	}
	if p.unproven {
		p.lanes.unproven--
	}
}

// drained notes that no delivery is parked for an endpoint.
func (l *lanes) drained(endpointID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of := l.byEndpoint[endpointID]; of != nil {
		of.waiting = false
		l.serve(of)
	}
}

// beginDrain tells whether the caller is to drain an endpoint, until endDrain says that it is done. When another goroutine
// does already, that looks once more before it ends: what the caller has parked, or the place that it has given back, is found.
func (l *lanes) beginDrain(endpointID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.lane(endpointID, l.now())
	if of.draining {
		of.drainAgain = true
		return false
	}
	of.draining = true
	return true
}

// endDrain ends a draining, and returns true when somebody wanted another look meanwhile: then it goes on. With stop, it ends
// in any case.
func (l *lanes) endDrain(endpointID string, stop bool) (again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.lane(endpointID, l.now())
	again = of.drainAgain
	of.drainAgain, of.draining = false, again && !stop
	return again
}

// opens is when an endpoint's breaker lets a probe through, or its rate limit another request; zero when
// neither is what keeps one waiting.
func (l *lanes) opens(endpointID string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.byEndpoint[endpointID]
	if of == nil {
		return time.Time{}
	}
	if !of.openUntil.IsZero() {
		return of.openUntil
	}
	if inTime := of.after.Add(-rateSlack); inTime.After(l.now()) {
		return inTime
	}
	return time.Time{}
}

// probes tells whether an endpoint's breaker is open.
func (l *lanes) probes(endpointID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.byEndpoint[endpointID]
	return of != nil && !of.openUntil.IsZero()
}

// count tells how many lanes are closed by their breakers, and how many attempts are in flight.
func (l *lanes) count() (open, inFlight int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.byEndpoint {
		inFlight += of.inFlight
		if !of.openUntil.IsZero() {
			open++
		}
	}
	return open, inFlight
}

// sweep forgets lanes that nobody uses, so that they do not add up over the endpoints of years.
func (l *lanes) sweep(now time.Time) {
	if now.Sub(l.swept) < laneIdle {
		return
	}
	l.swept = now
	for id, of := range l.byEndpoint {
		if of.inFlight == 0 && !of.draining && now.Sub(of.used) > laneIdle {
			delete(l.byEndpoint, id)
		}
	}
}
