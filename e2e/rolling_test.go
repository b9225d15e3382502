package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// retrying is a client as the documents ask for: of two addresses it tries the other one when a connection
// breaks or the first request still runs, with the same Idempotency-Key. Any other answer but 201 is a failure.
type retrying struct {
	apis      []string
	transport *http.Transport
	made      atomic.Int64
	broken    atomic.Int64
}

// pay makes one payment.
func (r *retrying) pay(ctx context.Context, key string) error {
	var err error
	for try := range 50 {
		var status int
		var answer []byte
		first := int(key[len(key)-1]) // spreads the load
		if status, answer, err = r.send(ctx, r.apis[(first+try)%len(r.apis)], key); err == nil && status != http.StatusConflict {
			if status != http.StatusCreated {
				return fmt.Errorf("%d: %s", status, answer)
			}
			r.made.Add(1)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.broken.Add(1)
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return errors.Join(errors.New("given up"), err)
}

func (r *retrying) send(ctx context.Context, api, key string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/api/v1/payments", strings.NewReader(`{"amount":50000,"currency":"INR"}`))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := (&http.Client{Transport: r.transport, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, bytes.TrimSpace(answer), err
}

// TestRollingRestart restarts every process in turn while payments are made: no request fails.
func TestRollingRestart(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.env["RATE_LIMIT"] = "0"
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	type role struct {
		name    string
		program *program
		addr    string
	}
	var roles []*role
	load := &retrying{transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	t.Cleanup(load.transport.CloseIdleConnections)
	for _, name := range []string{"api", "api", "worker", "worker"} {
		p, at := g.start(t, name)
		one := &role{name: name, program: p}
		if at != "" {
			parsed, err := url.Parse(at)
			require.NoError(t, err)
			one.addr = "127.0.0.1:" + parsed.Port() // where it will be again
			load.apis = append(load.apis, at)
		}
		roles = append(roles, one)
	}

	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	defer stop()
	done := make(chan struct{})
	failures := make(chan error, 8)
	var callers sync.WaitGroup
	for caller := range cap(failures) {
		callers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if err := load.pay(ctx, fmt.Sprintf("caller-%d-%d", caller, n)); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	goesOn := func() {
		before := load.made.Load()
		wait(t, "payments go on", func() (bool, error) {
			select {
			case err := <-failures:
				return false, errors.Join(errors.New("a request failed"), err)
			default:
				return load.made.Load() > before+50, nil
			}
		})
	}
	goesOn()
	for _, one := range roles {
		one.program.end(t, syscall.SIGTERM)
		goesOn()
		settings := []string{}
		if one.addr != "" {
			settings = []string{"PAYGATE_API_ADDR", one.addr}
		}
		one.program, _ = g.start(t, one.name, settings...)
		goesOn()
	}
	close(done)
	callers.Wait()
	require.Empty(t, failures)
	require.Positive(t, load.broken.Load(), "no connection broke: nothing was shown")

	db := g.connect(t)
	var stored, settled int64
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM payments").Scan(&stored))
	require.Equal(t, load.made.Load(), stored, "each was made once")
	wait(t, "all are charged", func() (bool, error) {
		err := db.QueryRow(t.Context(), "SELECT count(*) FROM payments WHERE status = 'success'").Scan(&settled)
		return settled == stored, err
	})
	g.examine(t)
	t.Logf("%d payments, %d connections broke, 0 requests failed", stored, load.broken.Load())
}
