package export

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/go-logr/logr"
)

// trouble takes what the SDK has to say. Until the provider has started, that is about settings, and keeps it from starting;
// later it is reported. It is the SDK's logger (logr.LogSink) and error handler.
type trouble struct {
	report func(error)

	mu       sync.Mutex
	running  bool
	settings []error
}

func (t *trouble) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running {
		t.report(err)
		return
	}
	t.settings = append(t.settings, err)
}

// started ends the time of settings and returns what was wrong with them.
func (t *trouble) started() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = true
	return errors.Join(t.settings...)
}

// Init implements logr.LogSink.
func (*trouble) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink. The SDK speaks of numbers that are none at level 4.
func (*trouble) Enabled(level int) bool { return level <= 4 }

// Info implements logr.LogSink. Only remarks about a variable are of interest; its value may be secret.
func (t *trouble) Info(_ int, message string, about ...any) {
	for _, what := range about {
		if name, ok := what.(string); ok && strings.HasPrefix(name, "OTEL_") {
			t.add(fmt.Errorf("%s: %s", name, message))
			return
		}
	}
}

// Error implements logr.LogSink.
func (t *trouble) Error(err error, message string, _ ...any) {
	t.add(fmt.Errorf("%s: %w", message, err))
}

// WithValues implements logr.LogSink.
func (t *trouble) WithValues(...any) logr.LogSink { return t }

// WithName implements logr.LogSink.
func (t *trouble) WithName(string) logr.LogSink { return t }
