package webhooks

import (
	"context"
	"slices"
	"time"
)

// standing is a job some of whose deliveries wait in lines. Lines are bounded by the jobs in them, for those are what holds
// workers: a job has up to laneMax deliveries, and a burst is many jobs of that kind.
type standing struct{ turns int }

// turn is one delivery's wait for a place.
type turn struct {
	lanes *lanes
	lane  *lane
	of    *standing
	until time.Time
	// place is where it comes, nil to send the delivery away.
	place chan *place
}

// lineUp takes a place as enter does, and where an endpoint that keeps up has none just now, returns a turn in its line
// instead. With neither, the delivery is to be parked.
func (l *lanes) lineUp(job *standing, endpointID string, forced bool) (*place, *turn) {
	l.mu.Lock()
	now := l.now()
	of := l.lane(endpointID, now)
	if forced || l.admitsNew(of, now) || !l.mayLineUp(of, job, now) {
		l.mu.Unlock()
		return l.enter(endpointID, forced), nil
	}
	defer l.mu.Unlock()
	mine := &turn{lanes: l, lane: of, of: job, until: time.Now().Add(lineFor), place: make(chan *place, 1)}
	of.line = append(of.line, mine)
	l.turns++
	if job.turns++; job.turns == 1 {
		l.lined++
	}
	return nil, mine
}

// wait returns a place when it is this one's turn, or nil: the endpoint does not keep up any more, or it took too long.
func (t *turn) wait(ctx context.Context) *place {
	patience := time.NewTimer(time.Until(t.until))
	defer patience.Stop()
	select {
	case p := <-t.place:
		return p
	case <-patience.C:
	case <-ctx.Done():
	}
	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	at := slices.Index(t.lane.line, t)
	if at < 0 {
		return <-t.place // its turn came in this moment
	}
	t.lane.line = slices.Delete(t.lane.line, at, at+1)
	t.lanes.stepOut(t)
	t.lane.waiting = true
	return nil
}

func (l *lanes) mayLineUp(of *lane, job *standing, now time.Time) bool {
	return of.proven && (job.turns > 0 || l.lined < l.share) && l.turns < lineMax &&
		of.openUntil.IsZero() && of.after.Sub(now) <= rateSlack
}

// stepOut counts one that is no longer in a line.
func (l *lanes) stepOut(t *turn) {
	l.turns--
	if t.of.turns--; t.of.turns == 0 {
		l.lined--
	}
}

// serve gives the free places of a lane to those in its line, and sends them away when the endpoint no
// longer keeps up.
func (l *lanes) serve(of *lane) {
	now := l.now()
	for len(of.line) > 0 {
		var p *place
		switch {
		case l.admitsNew(of, now):
			p = l.take(of, now)
		case of.proven:
			return
		default:
			of.waiting = true
		}
		first := of.line[0]
		of.line = of.line[1:]
		l.stepOut(first)
		first.place <- p
	}
}
