package contract

import (
	"fmt"
	"strings"
	"sync"
)

// recorder is a TB that keeps what is reported to it.
type recorder struct {
	mu      sync.Mutex
	reports []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow() { panic("the test would end here") }

func (r *recorder) Helper() {}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.reports, "\n")
}
