package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// patience is how long the client waits for one answer. What it waits in vain for counts as a hang.
	patience = 15 * time.Second
	// The bounds of the pause before a request is repeated, which doubles each time:
	// all at once asking sooner would keep down a gateway that is coming back.
	leastRepeat = 200 * time.Millisecond
	mostRepeat  = 5 * time.Second
)

// client asks the APIs in turn, as a load balancer does, and repeats with the same key what got no clear answer.
type client struct {
	http   *http.Client
	bases  []string
	secret string

	mu       sync.Mutex
	turn     int
	statuses map[int]int // answers by status, 0 for none
	hangs    int         // requests that got no answer within patience
	strange  []string    // the first answers that no caller should see
	times    []time.Duration
	waiters  []waiter
	ears     map[*ear]struct{}
}

func newClient(bases []string, secret string) *client {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	return &client{
		bases: bases, secret: secret, statuses: map[int]int{}, ears: map[*ear]struct{}{},
		http: &http.Client{
			Timeout: patience,
			Transport: &http.Transport{
				DialContext: dialer.DialContext, MaxIdleConnsPerHost: 256, IdleConnTimeout: 5 * time.Second,
			},
		},
	}
}

// waiter wants to know when the next request succeeds.
type waiter struct {
	method   string // only such requests, "" for any
	happened chan<- time.Time
}

// answer is what came back.
type answer struct {
	status int
	code   string // of a problem
	body   []byte
}

// ok tells whether the answer is a promise.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// clear tells whether repeating the request would make no difference.
func (a answer) clear() bool {
	switch {
	case a.status == 0 || a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusRequestTimeout:
		return false
	case a.status == http.StatusConflict:
		return a.code != "idempotency_in_progress"
	}
	return true
}

// decode reads one member of the body.
func (a answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("error reading an answer: %w\n%s", err, a.body)
	}
	return nil
}

// once asks one API. An error is an answer that did not come.
func (c *client) once(ctx context.Context, base, method, path, key string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("error making a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.secret)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	began := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		c.note(method, answer{}, time.Since(began), ctx.Err() == nil && isTimeout(err))
		return answer{}, fmt.Errorf("error asking %s: %w", base, err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		c.note(method, answer{}, time.Since(began), ctx.Err() == nil && isTimeout(err))
		return answer{}, fmt.Errorf("error reading the answer of %s: %w", base, err)
	}
	a := answer{status: response.StatusCode, body: text}
	if a.status >= http.StatusBadRequest {
		var problem struct {
			Code    string         `json:"code"`
			Unknown jsontext.Value `json:",unknown"` //nolint:tagliatelle // no member of that name
		}
		if json.Unmarshal(text, &problem) == nil {
			a.code = problem.Code
		}
	}
	c.note(method, a, time.Since(began), false)
	return a, nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// mostStrange is how many strange answers are kept.
const mostStrange = 20

func (c *client) note(method string, a answer, took time.Duration, hung bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statuses[a.status]++
	c.times = append(c.times, took)
	if hung {
		c.hangs++
	}
	// A caller is told plainly that the gateway cannot now: anything else with 5xx, or without a code, is strange.
	if a.status >= 500 && a.status != http.StatusServiceUnavailable || a.status >= 400 && a.code == "" {
		if len(c.strange) < mostStrange {
			c.strange = append(c.strange, fmt.Sprintf("%d %s", a.status, a.body))
		}
	}
	if a.ok() {
		now := time.Now()
		c.waiters = slices.DeleteFunc(c.waiters, func(w waiter) bool {
			if w.method != "" && w.method != method {
				return false
			}
			w.happened <- now // has room
			return true
		})
		for e := range c.ears {
			e.hear(now)
		}
	}
}

// next is the API whose turn it is.
func (c *client) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn = (c.turn + 1) % len(c.bases)
	return c.turn
}

// insist asks until there is a clear answer, each time another API. It fails when ctx ends.
func (c *client) insist(ctx context.Context, random *rand.Rand, method, path, key string, body []byte) (answer, error) {
	longest := leastRepeat
	for at := c.next(); ; at++ {
		a, err := c.once(ctx, c.bases[at%len(c.bases)], method, path, key, body)
		if err == nil && a.clear() {
			return a, nil
		}
		if err := pause(ctx, longest/2+time.Duration(random.Int64N(int64(longest/2)))); err != nil {
			return answer{}, err
		}
		longest = min(2*longest, mostRepeat)
	}
}

// successAfterNow waits for the next promise, or the next one to a request with this method.
func (c *client) successAfterNow(ctx context.Context, method string) (time.Time, error) {
	happened := make(chan time.Time, 1)
	c.mu.Lock()
	c.waiters = append(c.waiters, waiter{method, happened})
	c.mu.Unlock()
	select {
	case at := <-happened:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("error waiting for a success: %w", ctx.Err())
	}
}

// percentile of the times that requests took.
func (c *client) percentile(p float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.times) == 0 {
		return 0
	}
	slices.Sort(c.times)
	return c.times[int(p*float64(len(c.times)-1))]
}

// idempotencyKey names one request of one operation.
func idempotencyKey(seed uint64, tag string) string {
	return "chaos-" + strconv.FormatUint(seed, 10) + "-" + tag
}
