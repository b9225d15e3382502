package checkout_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// network is the way between the customer and the checkout, and what can go wrong on it.
type network struct {
	next http.Handler

	mu   sync.Mutex
	mode string
	// posts counts the attempts to pay that arrived here.
	posts int
	free  chan struct{}
}

// The modes.
const (
	// modeHold keeps requests to pay waiting at the door until the mode changes.
	modeHold = "hold"
	// modeDrop does what is asked and loses the answer.
	modeDrop = "drop"
	// modeRefuse loses the request.
	modeRefuse = "refuse"
)

func newNetwork(next http.Handler) *network { return &network{next: next, free: make(chan struct{})} }

func (n *network) set(mode string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mode = mode
	close(n.free)
	n.free = make(chan struct{})
}

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/payments") {
		n.next.ServeHTTP(w, r)
		return
	}
	n.mu.Lock()
	mode, free := n.mode, n.free
	n.posts++
	n.mu.Unlock()
	switch mode {
	case modeHold:
		select {
		case <-free:
		case <-r.Context().Done():
			return
		}
	case modeDrop:
		n.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case modeRefuse:
		panic(http.ErrAbortHandler)
	}
	n.next.ServeHTTP(w, r)
}
