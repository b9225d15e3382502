package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// heartbeat keeps proxies and the browser from giving an idle stream up.
const heartbeat = 15 * time.Second

// streamEvents answers GET /_events/stream with server-sent events (WHATWG HTML,
// 9.2), from the moment of the request on: `overview` at once and when it changes, and
// `webhook` for each that came or changed. A client that needs what was before reads
// GET /_events once the stream is open, and keeps the higher version of each.
func (r *Receiver) streamEvents(w http.ResponseWriter, req *http.Request) {
	current := r.state.now()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	stream := &eventStream{writer: w, controller: http.NewResponseController(w)}
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()

	for {
		if err := stream.send(current); err != nil {
			return // the client left
		}
		select {
		case <-current.next:
			current = r.state.since(current.version)
		case <-ticker.C:
			current = news{version: current.version, next: current.next}
		case <-r.closed:
			return
		case <-req.Context().Done():
			return
		}
	}
}

type eventStream struct {
	writer     http.ResponseWriter
	controller *http.ResponseController
}

// send writes one batch of news, or a comment when there is none.
func (s *eventStream) send(n news) error {
	extendWriteDeadline(s.writer, writeTimeout)
	if _, err := fmt.Fprint(s.writer, ":\n\n"); err != nil {
		return fmt.Errorf("error writing heartbeat: %w", err)
	}
	if n.overview != nil {
		if err := s.event("overview", n.overview); err != nil {
			return err
		}
	}
	for _, webhook := range n.webhooks {
		if err := s.event("webhook", webhook); err != nil {
			return err
		}
	}
	if err := s.controller.Flush(); err != nil {
		return fmt.Errorf("error flushing events: %w", err)
	}
	return nil
}

func (s *eventStream) event(name string, data any) error {
	encoded, err := json.Marshal(data) // has no line breaks, which would end the event
	if err != nil {
		return fmt.Errorf("error encoding event: %w", err)
	}
	if _, err := fmt.Fprintf(s.writer, "event: %s\ndata: %s\n\n", name, encoded); err != nil {
		return fmt.Errorf("error writing event: %w", err)
	}
	return nil
}
