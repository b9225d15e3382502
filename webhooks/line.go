package webhooks

import (
	"context"
	"slices"
	"time"
)

// lineUp takes a place as enter does, and where an endpoint that keeps up has none just now, waits a
// moment for one. Nobody lines up before those that are parked.
func (l *lanes) lineUp(ctx context.Context, endpointID string, forced bool) *place {
	l.mu.Lock()
	now := l.now()
	of := l.lane(endpointID, now)
	if forced || l.admits(of, now) || !l.mayLineUp(of, now) {
		l.mu.Unlock()
		return l.enter(endpointID, forced)
	}
	turn := make(chan *place, 1)
	of.line = append(of.line, turn)
	l.lined++
	l.mu.Unlock()

	patience := time.NewTimer(lineFor)
	defer patience.Stop()
	select {
	case p := <-turn:
		return p
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(of.line, turn)
	if at < 0 {
		return <-turn // its turn came in this moment
	}
	of.line = slices.Delete(of.line, at, at+1)
	l.lined--
	of.waiting = true
	return nil
}

func (l *lanes) mayLineUp(of *lane, now time.Time) bool {
	return of.proven && !of.waiting && l.lined < l.share && of.openUntil.IsZero() && of.after.Sub(now) <= rateSlack
}

// serve gives the free places of a lane to those in its line, and sends them away when the endpoint no
// longer keeps up.
func (l *lanes) serve(of *lane) {
	now := l.now()
	for len(of.line) > 0 {
		var p *place
		switch {
		case l.admits(of, now):
			p = l.take(of, now)
		case of.proven:
			return
		default:
			of.waiting = true
		}
		of.line[0] <- p
		of.line = of.line[1:]
		l.lined--
	}
}
