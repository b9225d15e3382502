package dashboard

import (
	"fmt"
	"net/http"
	"time"

	"paygate/db/dbsqlc"
	"paygate/fault"
)

// How often a live stream looks for news: soon while there are some, seldom when nothing happens.
const (
	pulseFast = time.Second
	pulseSlow = 10 * time.Second
	// streamLife ends a stream now and then: the browser comes back by itself, and a session that has ended
	// gets no more.
	streamLife = 5 * time.Minute
)

// stream tells a page that something has changed, as server-sent events; what it was the page asks by the
// ordinary routes. Polling one indexed query was chosen over LISTEN: it holds no connection of Postgres for
// each page and adds no NOTIFY to the transactions that take money.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	person, err := s.Sessions.Person(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Now().Add(streamLife + time.Minute)); err != nil {
		refuse(w, r, fault.New(fault.Internal, "This server cannot stream.").Because(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold it back
	last, pause := "", pulseFast
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for {
		pulse, err := dbsqlc.New().DashboardPulse(s.Reads.Pin(r.Context(), false), s.Reads, person.MerchantID)
		if err != nil {
			return // the browser tries again
		}
		line := ": still here\n\n"
		switch {
		case last == "":
			line = "retry: 3000\nevent: hello\ndata: {}\n\n"
		case pulse != last:
			line, pause = "event: change\ndata: {}\n\n", pulseFast
		default:
			pause = min(pause*3/2, pulseSlow)
		}
		last = pulse
		if _, err := fmt.Fprint(w, line); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-end.C:
			wait.Stop()
			return
		case <-r.Context().Done():
			wait.Stop()
			return
		case <-s.closing.Done():
			wait.Stop()
			return
		}
	}
}
