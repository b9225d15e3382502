package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"paygate/webhooks/signature"
)

// sink is the merchant's server: it checks the signature of each webhook before it answers, and notes
// which payments it has heard of.
type sink struct {
	url      string
	server   *http.Server
	verifier *signature.Verifier

	mu        sync.Mutex
	accepted  map[string]time.Time // when the request that made the payment was sent
	early     map[string]time.Time // webhooks that overtook the answer to their payment
	latencies []time.Duration
	refused   int
	repeated  int
	changed   chan struct{} // holds one; somebody may wait
}

func startSink(ctx context.Context) (*sink, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("error starting the sink: %w", err)
	}
	s := &sink{
		url: "http://" + listener.Addr().String() + "/hook", changed: make(chan struct{}, 1),
		accepted: map[string]time.Time{}, early: map[string]time.Time{},
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the measurement is void
		}
	}()
	return s, nil
}

// trust tells the secret of the endpoint, before it gets any webhook.
func (s *sink) trust(secret string) error {
	parsed, err := signature.ParseSecret(secret)
	if err != nil {
		return fmt.Errorf("error reading the endpoint's secret: %w", err)
	}
	s.verifier = &signature.Verifier{Secrets: []signature.Secret{parsed}}
	return nil
}

// ServeHTTP implements http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = s.verifier.Verify(req.Header, body)
	}
	id, found := paymentID(body)
	if err != nil || !found {
		s.mu.Lock()
		s.refused++
		s.mu.Unlock()
		http.Error(w, "not a webhook of ours", http.StatusBadRequest)
		return
	}
	now := time.Now()
	s.mu.Lock()
	if began, ok := s.accepted[id]; ok {
		if began.IsZero() {
			s.repeated++
		} else {
			s.arriveLocked(id, now.Sub(began))
		}
	} else {
		s.early[id] = now
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}

// accept notes a payment whose webhook is to come.
func (s *sink) accept(answer []byte, began time.Time) {
	id, _ := paymentID(answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[id] = began
	if at, ok := s.early[id]; ok {
		delete(s.early, id)
		s.arriveLocked(id, at.Sub(began))
	}
}

func (s *sink) arriveLocked(id string, latency time.Duration) {
	s.accepted[id] = time.Time{}
	s.latencies = append(s.latencies, latency)
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// outstanding is how many webhooks are still to come.
func (s *sink) outstanding() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted) - len(s.latencies)
}

// drainedWithin bounds the wait for the last webhook: what takes longer is lost.
const drainedWithin = 2 * time.Minute

// drained waits until all webhooks have come.
func (s *sink) drained(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainedWithin)
	defer cancel()
	for s.outstanding() > 0 {
		select {
		case <-s.changed:
		case <-ctx.Done():
			return fmt.Errorf("error waiting for %d webhooks: %w", s.outstanding(), ctx.Err())
		}
	}
	return nil
}

// reset forgets what has come and returns the sorted latencies. Repeated webhooks are allowed, refused
// ones are not.
func (s *sink) reset() ([]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused > 0 {
		return nil, fmt.Errorf("%d webhooks were refused", s.refused)
	}
	sorted := s.latencies
	slices.Sort(sorted)
	s.latencies, s.accepted, s.early = nil, map[string]time.Time{}, map[string]time.Time{}
	return sorted, nil
}

// paymentID finds the id without parsing: the sink is part of what is measured.
func paymentID(body []byte) (string, bool) {
	const before = `"id":"pay_`
	_, after, ok := bytes.Cut(body, []byte(before))
	if !ok {
		return "", false
	}
	rest := after
	before0, _, ok0 := bytes.Cut(rest, []byte{'"'})
	if !ok0 {
		return "", false
	}
	return string(before0), true
}
