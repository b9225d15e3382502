// Package process runs a server as a child that does not outlive its parent.
//
// It exists beside os/exec for three things that every embedded server needs: the child is
// stopped by a ladder of signals rather than by the end of a context, it dies with its
// parent even when that is killed with -9 (Linux), and its last words are kept for the
// error that reports its death.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// pipeGrace is how long a dead child's own children may hold its output open before we stop reading.
const pipeGrace = 5 * time.Second

// Account is whom a child runs as when that is not the user of this process.
type Account struct {
	UID, GID uint32
	// Namespace leaves the child its parent's files: in a user namespace of its own it sees
	// itself as UID and GID, while to everything outside it remains the user that started
	// it. It needs Linux. Without it the child really changes to UID and GID, which only
	// root can do, and loses what that user may not open.
	Namespace bool
}

// Spec describes a child.
type Spec struct {
	// Path is the program's file; it is not looked up in PATH.
	Path string
	Args []string
	// Dir is the working directory; default is that of this process.
	Dir string
	// Env is the whole environment of the child; nil gives it none.
	Env []string
	// Account is nil to run as the user of this process.
	Account *Account
	// OnParentDeath is the signal that the kernel sends the child when this process dies for
	// whatever reason; 0 sends none. Only Linux can; elsewhere the child survives a kill -9
	// of its parent, and whoever starts it must look for a survivor first.
	OnParentDeath syscall.Signal
	// Line receives each line that the child writes to its standard output or error, in
	// order, from one goroutine at a time; nil drops them.
	Line func(line string)
}

// Process is a running child. It must be waited for with Done, or ended with Stop.
type Process struct {
	cmd    *exec.Cmd
	output *lines
	done   chan struct{}
	err    error // read only after done is closed
}

// Start starts the child in a session of its own, so that Ctrl-C in the terminal reaches
// this process alone, which then stops its servers in the right order.
func Start(spec Spec) (*Process, error) {
	attributes, err := systemAttributes(spec)
	if err != nil {
		return nil, err
	}
	output := &lines{each: spec.Line}
	p := &Process{
		// A literal rather than exec.CommandContext: the child's life is bounded by Stop,
		// not by the context of whoever happened to start it.
		cmd: &exec.Cmd{
			Path:        spec.Path,
			Args:        append([]string{spec.Path}, spec.Args...),
			Dir:         spec.Dir,
			Env:         append([]string{}, spec.Env...),
			Stdout:      output,
			Stderr:      output,
			SysProcAttr: attributes,
			WaitDelay:   pipeGrace,
		},
		output: output,
		done:   make(chan struct{}),
	}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("error starting %s: %w", spec.Path, err)
	}
	return p, nil
}

// run owns the child from its start to its end on one thread: Linux sends the signal of
// OnParentDeath when the thread that started the child ends, and Go ends threads at will
// unless a goroutine is locked to them.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)

	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	p.output.flush()
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended and all its output was read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err tells how the child ended: nil for status 0, else an *exec.ExitError in most cases.
// It must be called after Done is closed.
func (p *Process) Err() error { return p.err }

// Tail returns the child's last lines of output, joined by newlines.
func (p *Process) Tail() string { return p.output.last() }

// Signal sends sig; a child that has ended already is no error.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("error signalling process %d: %w", p.PID(), err)
	}
	return nil
}

// Stop sends the signals in order, each after the one before had grace to work, and at last
// SIGKILL; it returns when the child is gone. The end of ctx cuts the first grace short
// and no other, so that even an impatient caller leaves nothing behind.
func (p *Process) Stop(ctx context.Context, grace time.Duration, signals ...syscall.Signal) error {
	impatient := ctx.Done()
	for _, sig := range signals {
		if err := p.Signal(sig); err != nil {
			return err
		}
		timer := time.NewTimer(grace)
		select {
		case <-p.done:
			timer.Stop()
			return nil
		case <-impatient:
			timer.Stop()
			impatient = nil
		case <-timer.C:
		}
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}
