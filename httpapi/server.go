// Package httpapi is the REST API: it turns HTTP into calls of the domain and back. The contract
// is openapi.yaml; everything here is thin.
package httpapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"paygate/fault"
	"paygate/gate"
	"paygate/idempotency"
	"paygate/merchants"
	"paygate/metrics"
	"paygate/payments"
	"paygate/tracing/requests"
	"paygate/webhooks"
)

// Options of the API; all but Gate, RateLimit, Sandbox, RequestTimeout, Metrics, Tracing, Name and Authenticate are required.
type Options struct {
	DB           *pgxpool.Pool
	Payments     *payments.Service
	Events       *webhooks.Events
	Endpoints    *webhooks.Endpoints
	Deliveries   *webhooks.Log
	Keys         *merchants.Keys
	Fingerprints *idempotency.Fingerprinter
	Logger       *slog.Logger
	Now          func() time.Time
	// Gate counts requests and finds remembered answers quickly; without it nothing is limited, and
	// Postgres is asked for each key.
	Gate *gate.Gate
	// RateLimit is that of each key and class of requests, where its merchant has none of its own; zero
	// is no limit.
	RateLimit gate.Rate
	// Sandbox is the merchant that a request without credentials speaks for; nil refuses it.
	Sandbox *uuid.UUID
	// RequestTimeout bounds what any request waits for, but an export; default 15 s. A database that hangs is
	// answered for in time, with 503; it leaves room in writeTimeout for the answer.
	RequestTimeout time.Duration
	// Metrics counts requests, as those of the server Name, "api" by default; nil counts nothing.
	Metrics *metrics.Metrics
	Name    string
	// Tracing makes a span of each request; nil makes none.
	Tracing trace.TracerProvider
	// Authenticate finds out who calls when something else than API keys tells, as a session of the dashboard
	// does; nil means keys.
	Authenticate func(*http.Request) (merchants.Caller, error)
}

type server struct {
	Options

	counted *metrics.Server
}

// New returns the handler of the API.
func New(opts Options) http.Handler {
	opts.RequestTimeout = cmp.Or(opts.RequestTimeout, 15*time.Second)
	return newEngine(&server{Options: opts, counted: opts.Metrics.Server(cmp.Or(opts.Name, "api"))})
}

func newEngine(s *server) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // a redirect would turn a POST into a GET in many clients
	engine.RedirectFixedPath = false
	engine.UseRawPath = true // so that an encoded slash in an id stays inside the id
	engine.UnescapePathValues = true
	engine.Use(withRequestID)
	requests.Trace(engine, cmp.Or(s.Name, "api"), s.Tracing)
	engine.Use(s.logged, gin.CustomRecoveryWithWriter(nil, s.recovered))
	engine.NoRoute(func(c *gin.Context) {
		s.refuse(c, fault.New(fault.RouteNotFound, "There is no %s. The routes are listed at /openapi.yaml.", strings.ToValidUTF8(c.Request.URL.Path, "�")))
	})
	engine.NoMethod(func(c *gin.Context) {
		s.refuse(c, fault.New(fault.MethodNotAllowed, "%s is not possible here; %s is.", c.Request.Method, c.Writer.Header().Get("Allow")))
	})
	for _, r := range s.routes() {
		engine.Handle(r.method, r.path, s.adapt(r))
	}
	return engine
}

// The bounds of one connection. Whoever is slower than that is cut off.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 20 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// NewHTTPServer returns a server for handler with bounds on everything that a client decides.
func NewHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
