package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// longestPause bounds what the gateway may ask a call to wait; the caller's context may bound it more.
const longestPause = time.Minute

// retrying sends a request until it has an answer that repeating would not better. Answers of 400 and above become
// an [*Error].
type retrying struct{ Options }

// Do implements the generated client's sender.
func (c *retrying) Do(request *http.Request) (*http.Response, error) {
	pause := c.Pause
	for attempt := 1; ; attempt++ {
		response, err := c.once(request)
		if err == nil {
			return response, nil
		}
		if attempt >= c.Attempts || !mayRepeat(request, err) {
			return nil, err
		}
		if err := wait(request.Context(), pauseAfter(err, pause)); err != nil {
			return nil, err
		}
		pause *= 2
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, fmt.Errorf("error reading the request's body again: %w", err)
			}
		}
	}
}

func (c *retrying) once(request *http.Request) (*http.Response, error) {
	response, err := c.HTTP.Do(request) //nolint:gosec // where to is the caller's choice
	if err != nil {
		return nil, fmt.Errorf("error asking the gateway: %w", err)
	}
	defer response.Body.Close()
	// Read here, so that an answer that breaks off is asked for again.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("error reading the gateway's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, newError(response, body)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// mayRepeat tells whether sending it again can help, and cannot do anything twice.
func mayRepeat(request *http.Request, err error) bool {
	if request.Context().Err() != nil {
		return false
	}
	safe := request.Method == http.MethodGet || request.Header.Get("Idempotency-Key") != ""
	if refused, ok := AsError(err); ok {
		return safe && refused.Temporary()
	}
	return safe // no answer: it may have been done
}

// pauseAfter is what the gateway asked for, or half to all of the given pause, so that callers who failed together
// do not come back together.
func pauseAfter(err error, pause time.Duration) time.Duration {
	if refused, ok := AsError(err); ok && refused.RetryAfter > 0 {
		return min(refused.RetryAfter, longestPause)
	}
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // nobody gains from guessing it
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("error waiting to ask again: %w", ctx.Err())
	}
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
