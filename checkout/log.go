package checkout

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/tracing"
)

// What the canonical line takes from the context.
const (
	keyRequestID = "request_id"
	keyMerchant  = "merchant_id"
	keyCode      = "code"
)

func withRequestID(c *gin.Context) {
	id := ids.New(ids.Request)
	c.Set(keyRequestID, id)
	c.Header("X-Request-Id", id)
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// logged counts each request, and writes one line for it. Queries and bodies are never logged: they hold what
// customers typed.
func (s *Server) logged(c *gin.Context) {
	begin := time.Now()
	s.counted.Begin()
	c.Next()
	status, took := c.Writer.Status(), time.Since(begin)
	s.counted.End(c.Request.Method, c.FullPath(), status, took)
	attrs := []slog.Attr{
		slog.String("request_id", requestID(c)),
		slog.String("method", c.Request.Method),
		slog.String("route", c.FullPath()),
		slog.Int("status", status),
		slog.Duration("duration", took),
	}
	if merchant, ok := c.Get(keyMerchant); ok {
		attrs = append(attrs, slog.String("merchant_id", merchant.(uuid.UUID).String()))
	}
	if code, ok := c.Get(keyCode); ok {
		attrs = append(attrs, slog.String("code", string(code.(fault.Code))))
	}
	if id := tracing.ID(c.Request.Context()); id != "" {
		attrs = append(attrs, slog.String("trace_id", id))
	}
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
		if last := c.Errors.Last(); last != nil {
			attrs = append(attrs, slog.Any("error", last.Err))
		}
	}
	s.Logger.LogAttrs(c.Request.Context(), level, "request", attrs...)
}
