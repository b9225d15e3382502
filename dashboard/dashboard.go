// Package dashboard is what a merchant's people and the gateway's operator see in a browser: the built
// React app, sign-in with server-side sessions, the figures that only it needs, and River UI. All other
// data comes from the routes of the REST API, which the caller hands in; who asks is told by the session.
package dashboard

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"riverqueue.com/riverui"

	"paygate/db"
	"paygate/fault"
	"paygate/gate"
	"paygate/merchants"
	"paygate/metrics"
	"paygate/webhooks"
)

// Options of the dashboard; all but RateLimit, APIURL, CheckoutURL, ShopURL, Prefix and Metrics are required.
type Options struct {
	DB *pgxpool.Pool
	// Reads answers for the pages. What the API shows should be read through it, too.
	Reads    *db.Reader
	Sessions *Sessions
	// API answers below /api/v1 and at /openapi.yaml. It must take its caller from Sessions.Caller.
	API       http.Handler
	Endpoints *webhooks.Endpoints
	// Storefronts keeps how merchants' payment pages look.
	Storefronts *merchants.Storefronts
	Queue       *river.Client[pgx.Tx]
	Logger      *slog.Logger
	Now         func() time.Time
	// RateLimit is the installation's, which a merchant's own may not exceed unless the operator says so.
	RateLimit gate.Rate
	// APIURL and CheckoutURL are where merchants' servers and customers reach those; pages show them.
	APIURL, CheckoutURL string
	// ShopURL is where the demo shop of `paygate dev` is; empty elsewhere.
	ShopURL string
	// Prefix is the path below which a proxy shows the dashboard, as "/pay"; empty for the root. The proxy may
	// leave it in the path or take it out.
	Prefix string
	// Metrics counts the requests that API does not; nil counts nothing.
	Metrics *metrics.Metrics
}

// Server is the dashboard. It serves after New; Start keeps what runs beside the requests.
type Server struct {
	Options
	handler http.Handler
	river   *riverui.Handler
	// patterns are all the routes, for whoever has to try each.
	patterns []string
	// closing ends live streams, which would otherwise hold up a shutdown.
	closing context.Context //nolint:containedctx // a signal to handlers, not the context of a call
	close   context.CancelFunc
	work    sync.WaitGroup
}

// New returns the dashboard.
func New(opts Options) (*Server, error) {
	opts.Prefix = strings.TrimRight(opts.Prefix, "/")
	s := &Server{Options: opts}
	s.closing, s.close = context.WithCancel(context.Background())
	var err error
	if s.river, err = riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(opts.Queue, nil), Logger: opts.Logger, Prefix: opts.Prefix + "/river",
		JobListHideArgsByDefault: true, // they hold ids alone; what an error holds nobody knows
	}); err != nil {
		return nil, fmt.Errorf("error building River UI: %w", err)
	}
	app, err := newApp(opts.Prefix)
	if err != nil {
		return nil, err
	}
	s.handler = secured(http.NewCrossOriginProtection().Handler(s.unprefixed(s.reading(s.observed(s.routes(app))))))
	return s, nil
}

// Start begins what runs in the background, until Close.
func (s *Server) Start(ctx context.Context) error {
	if err := s.river.Start(s.closing); err != nil { //nolint:contextcheck // it runs until Close
		return fmt.Errorf("error starting River UI: %w", err)
	}
	s.work.Go(func() { s.keepSums(s.closing) })  //nolint:contextcheck // it runs until Close
	s.work.Go(func() { s.Reads.Run(s.closing) }) //nolint:contextcheck // it runs until Close
	s.Logger.LogAttrs(ctx, slog.LevelInfo, "dashboard is serving")
	return nil
}

// Disconnect ends the live streams and the work in the background, so that a server can shut down.
func (s *Server) Disconnect() { s.close() }

// Close waits for the work in the background of a started dashboard.
func (s *Server) Close(ctx context.Context) error {
	s.close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.work.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("error ending the dashboard's work: %w", ctx.Err())
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes is every door of the dashboard.
func (s *Server) routes(app http.Handler) http.Handler {
	d := &doors{mux: http.NewServeMux(), server: s}
	d.raw("GET /health", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, map[string]string{"status": "ok"})
	}))
	d.raw("/api/v1/", s.noted(s.API))
	d.raw("GET /openapi.yaml", s.API)
	d.raw("/river/", s.forOperators(s.river))
	// The mux would lead there by itself, but knows no prefix.
	d.raw("GET /river", http.RedirectHandler(s.Prefix+"/river/", http.StatusMovedPermanently))
	d.raw("/", app)

	d.raw("POST /session", http.HandlerFunc(s.signIn))
	d.raw("DELETE /session", http.HandlerFunc(s.signOut))
	d.handle("GET /session", anybody, s.me)
	d.handle("PUT /session/password", anybody, s.changePassword)

	d.handle("GET /data/home", anybody, s.home)
	d.raw("GET /data/stream", http.HandlerFunc(s.stream))

	d.handle("GET /data/keys", anybody, s.listKeys)
	d.handle("POST /data/keys", developers, s.createKey)
	d.handle("POST /data/keys/{id}/rotate", developers, s.rotateKey)
	d.handle("DELETE /data/keys/{id}", developers, s.revokeKey)

	d.handle("POST /data/endpoints/{id}/reveal", developers, s.revealSecrets)
	d.handle("POST /data/endpoints/{id}/rotate", developers, s.rotateSecret)

	d.handle("GET /data/users", anybody, s.listUsers)
	d.handle("POST /data/users", owners, s.createUser)
	d.handle("PUT /data/users/{id}/role", owners, s.setRole)
	d.handle("DELETE /data/users/{id}", owners, s.removeUser)
	d.handle("GET /data/audit", owners, s.listAudit)

	d.handle("GET /data/docs", anybody, s.listDocuments)
	d.handle("GET /data/docs/{slug}", anybody, s.readDocument)

	d.handle("GET /data/settings", anybody, s.readSettings)
	d.handle("PUT /data/settings/rate_limit", owners, s.setRateLimit)
	d.handle("PUT /data/settings/branding", developers, s.setBranding)
	d.raw("GET /data/settings/logo", http.HandlerFunc(s.readLogo))
	d.handle("PUT /data/settings/logo", developers, s.setLogo)
	d.handle("DELETE /data/settings/logo", developers, s.removeLogo)
	d.handle("POST /data/settings/origins", developers, s.addOrigin)
	d.handle("POST /data/settings/origins/remove", developers, s.removeOrigin)
	d.handle("POST /data/checkout_secret/reveal", developers, s.revealCheckoutSecret)

	d.raw("/data/", http.HandlerFunc(noRoute))
	d.raw("/session/", http.HandlerFunc(noRoute))
	s.patterns = d.patterns
	return d.mux
}

func noRoute(w http.ResponseWriter, r *http.Request) {
	refuse(w, r, fault.New(fault.RouteNotFound, "There is no %s %s.", r.Method, strings.ToValidUTF8(r.URL.Path, "�")))
}

// unprefixed takes the prefix out of the path when the proxy left it in. River UI wants it in its own.
func (s *Server) unprefixed(next http.Handler) http.Handler {
	if s.Prefix == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.Prefix || strings.HasPrefix(r.URL.Path, s.Prefix+"/") {
			http.StripPrefix(s.Prefix, slashed(next)).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// slashed gives the empty path its slash.
func slashed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" {
			r.URL.Path = "/"
		}
		next.ServeHTTP(w, r)
	})
}

// policy lets a page load what this origin serves and nothing else, from nowhere else, in no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// secured sets what every answer carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY") // for what does not know frame-ancestors
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		header.Set("Cache-Control", "no-store") // assets say otherwise
		next.ServeHTTP(w, r)
	})
}
