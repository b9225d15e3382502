package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"paygate/db/dbsqlc"
	"paygate/idempotency"
)

// readyTimeout bounds what a probe waits for one part.
const readyTimeout = 2 * time.Second

type liveness struct {
	Status string `json:"status"`
}

func (s *server) health() handler {
	return func(*gin.Context, *call) (idempotency.Response, error) {
		return idempotency.Response{Status: http.StatusOK, Body: encode(liveness{"ok"})}, nil
	}
}

type readiness struct {
	Status   string `json:"status"`
	Postgres string `json:"postgres"`
	Redis    string `json:"redis"`
	Workers  string `json:"workers"`
}

// ready tells what is missing. Only Postgres is needed to take a payment; without workers it is
// processed later, without Redis everything is a little slower.
func (s *server) ready() handler {
	return func(c *gin.Context, _ *call) (idempotency.Response, error) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
		defer cancel()
		state := readiness{Status: "ready", Postgres: "ok", Redis: "ok", Workers: "ok"}
		var probes sync.WaitGroup
		probes.Go(func() {
			workers, err := dbsqlc.New().WorkersAlive(ctx, s.DB)
			if err != nil {
				state.Postgres = "missing"
			}
			if !workers {
				state.Workers = "missing"
			}
		})
		probes.Go(func() {
			if s.Gate != nil && s.Gate.Check(ctx) != nil {
				state.Redis = "missing"
			}
		})
		probes.Wait()
		status := http.StatusOK
		switch {
		case state.Postgres != "ok":
			state.Status, status = "unavailable", http.StatusServiceUnavailable
		case state.Redis != "ok" || state.Workers != "ok":
			state.Status = "degraded"
		}
		// Not a problem document: a probe wants the same shape in every state.
		c.Data(status, typeJSON, encode(state))
		return idempotency.Response{}, errAnswered
	}
}

func (s *server) document() handler {
	return func(c *gin.Context, _ *call) (idempotency.Response, error) {
		c.Data(http.StatusOK, "application/yaml", Document)
		return idempotency.Response{}, errAnswered
	}
}
