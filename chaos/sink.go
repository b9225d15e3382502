package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// manner is how the sink answers.
type manner int

const (
	polite manner = iota
	// slow takes the webhook, and answers when nobody waits any more.
	slow
	// failing answers 500 and takes nothing.
	failing
	// cutting ends the connection without an answer.
	cutting
)

// receipt is what the sink knows of one event at one endpoint.
type receipt struct {
	kind  string
	about string // id of the payment, refund or order
	body  [sha256.Size]byte
	times int
}

// inbox is one endpoint of the sink.
type inbox struct {
	secret   string
	verifier *standardwebhooks.Webhook
	receipts map[string]*receipt // by event
}

// sink is the merchant's server. It checks both signatures of each webhook, by a library that is not ours, and notes
// it before it answers.
type sink struct {
	addr    string
	patient time.Duration // how long the gateway waits for an answer

	mu       sync.Mutex
	inboxes  map[string]*inbox // by path
	manner   manner
	refused  []string // webhooks that were not what they should be
	repeated int
	last     time.Time // when one was taken
	changed  chan struct{}
	server   *http.Server
}

func startSink(ctx context.Context, patient time.Duration) (*sink, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	s := &sink{addr: addr, patient: patient, inboxes: map[string]*inbox{}, changed: make(chan struct{}, 1)}
	return s, s.start(ctx)
}

// start listens, at the same address each time.
func (s *sink) start(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("error starting the sink: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the run is void
		}
	}()
	return nil
}

// die ends the server with the connections that are open.
func (s *sink) die() error {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	return server.Close()
}

func (s *sink) behave(m manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = m
}

// open makes an inbox, before anything is sent to it.
func (s *sink) open(path, secret string) error {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return fmt.Errorf("error reading the secret of an endpoint: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inboxes[path] = &inbox{secret: secret, verifier: verifier, receipts: map[string]*receipt{}}
	return nil
}

// message is what the sink reads of a webhook.
type message struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Payment *subject `json:"payment"`
		Refund  *subject `json:"refund"`
		Order   *subject `json:"order"`
	} `json:"data"`
}

type subject struct {
	ID string `json:"id"`
}

// about is the id of what a message tells of.
func (m *message) about() string {
	for _, s := range []*subject{m.Data.Refund, m.Data.Payment, m.Data.Order} {
		if s != nil {
			return s.ID
		}
	}
	return ""
}

// ServeHTTP implements http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender is gone
	}
	s.mu.Lock()
	manner := s.manner
	s.mu.Unlock()
	switch manner {
	case failing:
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case cutting:
		panic(http.ErrAbortHandler)
	case polite, slow:
	}
	if err := s.take(req, body); err != nil {
		s.mu.Lock()
		s.refused = append(s.refused, err.Error())
		s.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if manner == slow {
		_ = pause(req.Context(), s.patient+time.Second) // whoever hung up does not read the answer either
	}
	w.WriteHeader(http.StatusOK)
}

// take verifies and notes one webhook.
func (s *sink) take(req *http.Request, body []byte) error {
	s.mu.Lock()
	box := s.inboxes[req.URL.Path]
	s.mu.Unlock()
	if box == nil {
		return fmt.Errorf("there is no endpoint %s", req.URL.Path)
	}
	if err := box.verifier.Verify(body, req.Header); err != nil {
		return fmt.Errorf("error verifying a webhook: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(box.secret))
	mac.Write(body)
	if want := hex.EncodeToString(mac.Sum(nil)); req.Header.Get("X-Webhook-Signature") != want {
		return fmt.Errorf("X-Webhook-Signature is %q, not %q", req.Header.Get("X-Webhook-Signature"), want)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("error reading a webhook: %w", err)
	}
	if m.ID == "" || m.ID != req.Header.Get("Webhook-Id") {
		return fmt.Errorf("the webhook %q came as %q", m.ID, req.Header.Get("Webhook-Id"))
	}
	sum := sha256.Sum256(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	known := box.receipts[m.ID]
	if known == nil {
		box.receipts[m.ID] = &receipt{kind: m.Type, about: m.about(), body: sum, times: 1}
		return nil
	}
	s.repeated++
	known.times++
	if known.body != sum {
		return fmt.Errorf("the webhook %s came again with another body", m.ID)
	}
	return nil
}

// takesAfter waits until a webhook is taken after a moment.
func (s *sink) takesAfter(ctx context.Context, moment time.Time) (time.Time, error) {
	for {
		s.mu.Lock()
		last := s.last
		s.mu.Unlock()
		if last.After(moment) {
			return last, nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("error waiting for a webhook: %w", ctx.Err())
		}
	}
}
