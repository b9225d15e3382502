package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"paygate/db/local/process"
)

const (
	// restartPause is how long an orchestrator takes to start a process again that has ended.
	restartPause = 500 * time.Millisecond
	// startLimit bounds the wait for a process to be ready; Postgres may be away meanwhile.
	startLimit = 2 * time.Minute
	// drainLimit is more than the 25 s within which a process says that it drains.
	drainLimit = 30 * time.Second
)

// member is one process of the gateway. When it ends, for whatever reason, it is started again, as an
// orchestrator does.
type member struct {
	name        string // api-1
	role        string
	addr, admin string
	dir         string
	environment []string
	clock       string // the file that sets its clock, "" when it has an ordinary one
	postgres    *link
	redis       *link // nil for workers, and where the stores are replicated
	log         *journal

	ended chan struct{} // closed when it is not supervised any more

	mu      sync.Mutex
	binary  string
	process *process.Process
	away    time.Duration // for how long it stays away after its next end
	started int
	unclean []string // ends after a SIGTERM that were no orderly ones
}

// supervise runs the process until ctx ends, then ends it.
func (m *member) supervise(ctx context.Context) {
	defer close(m.ended)
	output, err := os.Create(filepath.Join(m.dir, m.name+".log"))
	if err != nil {
		m.log.say("%s: %v", m.name, err)
		return
	}
	defer output.Close()
	for ctx.Err() == nil {
		p, err := m.launch(output)
		if err != nil {
			m.log.say("%s: %v", m.name, err)
			return
		}
		select {
		case <-p.Done():
		case <-ctx.Done():
			// A stopped one has to go on to end.
			if err := errors.Join(p.Signal(syscall.SIGCONT), p.Stop(context.WithoutCancel(ctx), drainLimit, syscall.SIGTERM)); err != nil {
				m.log.say("%s: %v", m.name, err)
			}
			return
		}
		m.mu.Lock()
		away := max(m.away, restartPause)
		m.away = 0
		m.mu.Unlock()
		_ = pause(ctx, away) // the loop looks
	}
}

func (m *member) launch(output io.Writer) (*process.Process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := process.Start(process.Spec{
		Path: m.binary, Args: []string{m.role}, Dir: m.dir, Env: m.environment, OnParentDeath: syscall.SIGKILL,
		Line: func(line string) { _, _ = fmt.Fprintln(output, line) }, // the log is a help, no more
	})
	if err != nil {
		return nil, fmt.Errorf("error starting %s: %w", m.binary, err)
	}
	m.process = p
	m.started++
	return p, nil
}

func (m *member) running() *process.Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process
}

// ready waits until the process answers.
func (m *member) ready(ctx context.Context) error {
	url := "http://" + m.admin + "/health"
	if m.role == "api" {
		url = "http://" + m.addr + "/health"
	}
	err := await(ctx, startLimit, 20*time.Millisecond, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return fmt.Errorf("error making a request: %w", err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Errorf("error asking %s: %w", url, err)
		}
		if response.StatusCode != http.StatusOK {
			err = fmt.Errorf("it answered %d", response.StatusCode)
		}
		return errors.Join(err, response.Body.Close())
	})
	if err != nil {
		return fmt.Errorf("error waiting for %s: %w\n%s", m.name, err, m.running().Tail())
	}
	return nil
}

// kill ends the process without warning, and keeps it away for a while.
func (m *member) kill(ctx context.Context, away time.Duration) error {
	m.mu.Lock()
	m.away = away
	p := m.process
	m.mu.Unlock()
	return p.Stop(ctx, 0)
}

// drain asks the process to end and waits until it has.
func (m *member) drain(ctx context.Context, away time.Duration) error {
	m.mu.Lock()
	m.away = away
	p := m.process
	m.mu.Unlock()
	if err := p.Stop(ctx, drainLimit, syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.Err(); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.unclean = append(m.unclean, fmt.Sprintf("%s: %v: %s", m.name, err, p.Tail()))
	}
	return nil
}

// setClock moves the clock of the process by some seconds from the right time.
func (m *member) setClock(seconds int) error {
	if err := os.WriteFile(m.clock, fmt.Appendln(nil, seconds), 0o600); err != nil {
		return fmt.Errorf("error setting the clock of %s: %w", m.name, err)
	}
	return nil
}

// replace makes the next start one of another binary.
func (m *member) replace(binary string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.binary = binary
}
