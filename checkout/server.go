// Package checkout is what a customer meets: the script that a shop embeds (checkout.js), the hosted
// payment page that it shows in a frame, and the page on which the simulated bank asks for approval.
//
// Card numbers come to this origin and go to the acquirer; the shop's page never sees them. The front
// ends are TypeScript, in sdk and page; what is served is their committed build in dist.
package checkout

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"paygate/fault"
	"paygate/idempotency"
	"paygate/merchants"
	"paygate/metrics"
	"paygate/payments"
	"paygate/processor"
	"paygate/tracing/requests"
)

// Options of the checkout; all but Actions, AllowLoopback, Metrics and Tracing are required.
type Options struct {
	DB           *pgxpool.Pool
	Payments     *payments.Service
	Keys         *merchants.Keys
	Storefronts  *merchants.Storefronts
	Fingerprints *idempotency.Fingerprinter
	Logger       *slog.Logger
	// Actions is the simulated bank, whose approval page is served here; nil serves none.
	Actions Actions
	// AllowLoopback lets pages on this machine frame the payment page, whoever's it is. For
	// development.
	AllowLoopback bool
	// Metrics counts requests; nil counts nothing.
	Metrics *metrics.Metrics
	// Tracing makes a span of each request; nil makes none.
	Tracing trace.TracerProvider
}

// Actions is the side of a simulated bank that the customer sees.
type Actions interface {
	// CompleteAction notes the customer's decision and tells how the payment stands then.
	CompleteAction(ctx context.Context, reference string, approve bool) (processor.Result, error)
}

var _ Actions = (*processor.Simulator)(nil)

// Server is the handler of the checkout. Make it with New.
type Server struct {
	Options

	assets  *assets
	counted *metrics.Server
	engine  *gin.Engine
	watcher *watcher
}

// New returns the checkout; Close it when it is to stop.
func New(opts Options) *Server {
	s := &Server{Options: opts, assets: loadAssets(), counted: opts.Metrics.Server("checkout"), watcher: newWatcher(opts.DB, opts.Logger)}
	s.engine = s.newEngine()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Close ends the requests that wait for news of a payment; they are answered with what is known.
// Requests that come later do not wait any more.
func (s *Server) Close() { s.watcher.close() }

func (s *Server) newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.UseRawPath = true
	engine.UnescapePathValues = true
	engine.Use(withRequestID)
	requests.Trace(engine, "checkout", s.Tracing)
	engine.Use(s.logged, gin.CustomRecoveryWithWriter(nil, s.recovered), hardened)
	engine.NoRoute(func(c *gin.Context) { refuse(c, fault.New(fault.RouteNotFound, "There is nothing here.")) })
	engine.NoMethod(func(c *gin.Context) {
		refuse(c, fault.New(fault.MethodNotAllowed, "%s is not possible here.", c.Request.Method))
	})

	for path, asset := range s.assets.byPath {
		engine.GET(path, asset.serve)
		engine.HEAD(path, asset.serve)
	}
	engine.GET(logoPath+":hash", s.logo)
	engine.GET("/pay/:order", s.page)
	// The family of gateways that people come from has the page here.
	engine.GET("/checkout", s.page)
	engine.GET("/pay/:order/state", s.answer(s.readOrder))
	engine.POST("/pay/:order/payments", sameOrigin, s.answer(s.createPayment))
	engine.GET("/pay/:order/payments/:attempt", s.answer(s.readAttempt))
	if s.Actions != nil {
		engine.GET(ActionPath+":reference", s.showAction)
		engine.POST(ActionPath+":reference", sameOrigin, s.completeAction)
	}
	return engine
}

// hardened sets what holds for everything that is served here.
func hardened(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	// For shops whose pages are cross-origin isolated (COEP): they may embed us too.
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
}

// sameOrigin keeps other sites' pages from acting in a customer's name. Requests of browsers say
// where they come from; whatever says nothing is no browser, and is no more than any HTTP client.
func sameOrigin(c *gin.Context) {
	site := c.GetHeader("Sec-Fetch-Site")
	origin := c.GetHeader("Origin")
	if site != "" && site != "same-origin" || site == "" && origin != "" && hostOf(origin) != c.Request.Host {
		refuse(c, fault.New(fault.Forbidden, "Only the payment page itself may do this."))
		c.Abort()
	}
}

// longPoll bounds how long a question for news may wait: less than what proxies in between allow.
const longPoll = 20 * time.Second
