package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// heldWriter keeps what is written until release: dev's receiver may get the retries of an earlier run
// before dev has introduced itself.
type heldWriter struct {
	mu   sync.Mutex
	out  io.Writer
	held *bytes.Buffer // nil after release
}

func newHeldWriter(out io.Writer) *heldWriter { return &heldWriter{out: out, held: new(bytes.Buffer)} }

// Write implements io.Writer.
func (w *heldWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held != nil {
		return w.held.Write(text)
	}
	return w.out.Write(text)
}

// Fd lets the writer pass for the terminal that it may be.
func (w *heldWriter) Fd() uintptr {
	if file, ok := w.out.(interface{ Fd() uintptr }); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// release writes first, then what was held, and holds nothing any more.
func (w *heldWriter) release(first string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := w.held
	w.held = nil
	if _, err := io.WriteString(w.out, first+held.String()); err != nil {
		return fmt.Errorf("error writing: %w", err)
	}
	return nil
}
