// Package receiver is the webhook test server: it takes any webhook, tells
// whether its signatures hold and why not, shows it on the terminal and on a small
// page, and answers badly when told to, so that a sender's retries can be watched.
//
// Everything is kept in memory within bounds. It is a tool for development, made to
// listen on loopback: whoever reaches it may read what it received.
package receiver

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// DefaultHistory is how many webhooks are kept when Options.History is zero.
const DefaultHistory = 200

// DefaultAPIURL is where the page's first command goes when Options.APIURL is empty.
const DefaultAPIURL = "http://localhost:8000"

// Options of New. The zero value works: no secret, nothing on the terminal.
type Options struct {
	// APIURL is the base of Paygate's API in the command that the empty page
	// suggests. Default: DefaultAPIURL.
	APIURL string
	// History bounds how many webhooks are kept. Default: DefaultHistory. Their
	// bodies and headers are bounded together as well, see maxHistoryBytes.
	History int
	// Logger gets what concerns the server itself. Default: none.
	Logger *slog.Logger
	// Now is the clock that timestamps are judged by; times on the terminal are
	// shown in its zone. Default: time.Now.
	Now func() time.Time
	// Output gets one line for each webhook, coloured when it is a terminal; nil is
	// none.
	Output io.Writer
	// Secrets are the endpoints' signing secrets as Paygate gave them out. A
	// signature holds when it fits any. More can come later: AddSecret.
	Secrets []string
}

// WithDefaults fills in what was left empty.
func (o Options) WithDefaults() Options {
	if o.APIURL == "" {
		o.APIURL = DefaultAPIURL
	}
	if o.History <= 0 {
		o.History = DefaultHistory
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Receiver is the webhook test server as an http.Handler. It starts no goroutines.
type Receiver struct {
	closed   chan struct{}
	close    func()
	logger   *slog.Logger
	mux      *http.ServeMux
	now      func() time.Time
	page     *page
	state    *state
	terminal *terminal
}

// New returns a Receiver.
func New(opts Options) *Receiver {
	opts = opts.WithDefaults()

	closed := make(chan struct{})
	r := &Receiver{
		closed:   closed,
		close:    sync.OnceFunc(func() { close(closed) }),
		logger:   opts.Logger,
		mux:      http.NewServeMux(),
		now:      opts.Now,
		page:     newPage(opts.APIURL),
		state:    newState(opts.History),
		terminal: newTerminal(opts.Output),
	}
	for _, secret := range opts.Secrets {
		if _, err := r.AddSecret(secret); err != nil {
			r.logger.LogAttrs(context.Background(), slog.LevelWarn, "webhook secret left out", slog.String("error", err.Error()))
		}
	}
	r.routes()
	return r
}

// Close ends the live streams and the delayed answers, which would otherwise hold
// up http.Server.Shutdown: hand it to http.Server.RegisterOnShutdown. Webhooks are
// still received after it. It may be called more than once.
func (r *Receiver) Close() { r.close() }

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

// routes is the whole of what is served. Everything of our own but the page starts
// with an underscore, which leaves every other path to the webhooks.
func (r *Receiver) routes() {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(refuseCrossOrigin))
	guarded := func(pattern string, handler http.HandlerFunc) {
		r.mux.Handle(pattern, guard.Handler(handler))
	}

	r.mux.HandleFunc("GET /{$}", r.page.serve)
	r.mux.HandleFunc("GET /_assets/{version}/{name}", r.page.serveAsset)
	r.mux.HandleFunc("GET /_control", r.showControl)
	guarded("PUT /_control", r.changeControl)
	r.mux.HandleFunc("GET /_events", r.listEvents)
	guarded("DELETE /_events", r.clearEvents)
	r.mux.HandleFunc("GET /_events/stream", r.streamEvents)
	guarded("POST /_secrets", r.enterSecret)

	r.mux.HandleFunc("POST /", r.receive)
	r.mux.HandleFunc("/", r.refuseOther)
}
