package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/webhooks"
	"paygate/webhooks/receiver"
	"paygate/webhooks/signature"
)

type listenCommand struct {
	toolSettings `embed:""`
	ForwardTo    httpURL       `name:"forward-to" placeholder:"URL" help:"Where each webhook goes on to, byte for byte with its headers; that server's answer is what the sender gets."`
	Events       []string      `name:"events" placeholder:"TYPE,…" help:"The types to listen to, as payment.* or refund.processed; all when none is named."`
	Merchant     string        `name:"merchant" default:"${demo_email}" help:"Whose webhooks, by id or e-mail."`
	ListenAddr   address       `name:"listen-addr" default:"127.0.0.1:0" help:"Where the workers' webhooks come in; port 0 is any."`
	URL          httpURL       `name:"url" placeholder:"URL" help:"Where the workers find this, when that is not http://localhost: a tunnel, or another machine's view of this one."`
	Secret       listenSecret  `name:"secret" env:"PAYGATE_LISTEN_SECRET" placeholder:"SECRET" group:"Webhooks" help:"Secret that signs what is listened to, so that your server can keep it; a fresh one for each run by default."`
	Ready        time.Duration `name:"ready" default:"20s" min:"1s" max:"10m" help:"How long the first webhook, a test, may take."`
}

// httpURL is a URL to post to.
type httpURL struct{ url *url.URL }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *httpURL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return fmt.Errorf("%q is not a URL such as http://localhost:8080/webhooks", text)
	}
	u.url = parsed
	return nil
}

// listenSecret is one that a signature can be made with; nil for none.
type listenSecret struct{ secret *signature.Secret }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *listenSecret) UnmarshalText(text []byte) error {
	secret, err := signature.ParseSecret(string(text))
	if err != nil {
		return fmt.Errorf("it is not a secret of an endpoint: %w", err)
	}
	s.secret = &secret
	return nil
}

// listenerDescription marks the endpoints of this command.
const listenerDescription = "paygate listen"

func (c *listenCommand) run(ctx context.Context, io streams) error {
	return runProcess(ctx, func(p *process) error {
		logger := logSettings{}.logger(io.err)
		g, err := p.openTool(ctx, c.toolSettings, "listen", io.err)
		if err != nil {
			return err
		}
		merchantID, err := findMerchant(ctx, g.pool, c.Merchant)
		if err != nil {
			return err
		}
		incoming, err := p.listen(ctx, c.ListenAddr, "--listen-addr")
		if err != nil {
			return err
		}
		endpoint, err := c.subscribe(ctx, p, g, merchantID, incoming)
		if err != nil {
			return err
		}
		arrived, greeting := make(chan struct{}, 1), new(atomic.Pointer[string])
		relay := receiver.NewRelay(receiver.RelayOptions{
			ForwardTo: c.ForwardTo.url, Secret: endpoint.Secret, Output: io.out, Logger: logger, Now: time.Now,
			Mine: func(eventID string) bool {
				mine := greeting.Load()
				if mine == nil || eventID != *mine {
					return false
				}
				select {
				case arrived <- struct{}{}:
				default: // it came twice
				}
				return true
			},
		})
		p.onStop(func(context.Context) error { relay.Close(); return nil })
		if err := c.greet(ctx, g, merchantID, endpoint, greeting); err != nil {
			return err
		}
		p.serve(incoming, relay, logger)
		if err := c.awaitGreeting(ctx, g, merchantID, endpoint, *greeting.Load(), arrived); err != nil {
			return err
		}
		to := ""
		if c.ForwardTo.url != nil {
			to = " and forwarded to " + c.ForwardTo.url.String()
		}
		return say(io.out, "Webhooks of %s are shown here%s. Ctrl-C ends it.\nTheir secret: %s\n\n", c.Merchant, to, endpoint.Secret)
	})
}

// subscribe makes the endpoint that is listened to. It goes when the process stops; what an earlier one
// has left behind, because it was killed, goes now.
func (c *listenCommand) subscribe(ctx context.Context, p *process, g *gateway, merchantID uuid.UUID, incoming net.Listener) (*webhooks.Endpoint, error) {
	// The lock that tells that somebody listens belongs to this connection.
	conn, err := g.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("error acquiring a connection: %w", err)
	}
	p.onStop(func(ctx context.Context) error {
		defer conn.Release()
		return conn.Conn().Close(ctx)
	})
	if err := removeAbandoned(ctx, conn, g.endpoints, merchantID); err != nil {
		return nil, err
	}
	at := urlOf(incoming) + demoEndpointPath
	if c.URL.url != nil {
		at = c.URL.url.String()
	}
	description := listenerDescription
	var endpoint *webhooks.Endpoint
	err = db.InTx(ctx, conn, func(tx pgx.Tx) (err error) {
		if endpoint, err = g.endpoints.Create(ctx, tx, merchantID, webhooks.EndpointParams{
			URL: at, Description: &description, EventTypes: c.Events, Secret: c.Secret.secret,
		}); err != nil {
			return err
		}
		if _, err := dbsqlc.New().ListenerLock(ctx, tx, endpoint.ID); err != nil {
			return fmt.Errorf("error locking an endpoint: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.onStop(func(ctx context.Context) error { return removed(g.endpoints.Delete(ctx, merchantID, endpoint.ID)) })
	return endpoint, nil
}

// removed makes nothing of an endpoint that somebody else has deleted.
func removed(err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func removeAbandoned(ctx context.Context, conn *pgxpool.Conn, endpoints *webhooks.Endpoints, merchantID uuid.UUID) error {
	queries := dbsqlc.New()
	left, err := queries.ListenerList(ctx, conn, &dbsqlc.ListenerListParams{MerchantID: merchantID, Description: new(listenerDescription)})
	if err != nil {
		return fmt.Errorf("error looking for endpoints of earlier runs: %w", err)
	}
	for _, id := range left {
		free, err := queries.ListenerLock(ctx, conn, id)
		if err != nil {
			return fmt.Errorf("error locking an endpoint: %w", err)
		}
		if !free {
			continue // somebody listens there
		}
		if err := removed(endpoints.Delete(ctx, merchantID, id)); err != nil {
			return err
		}
		if _, err := queries.ListenerUnlock(ctx, conn, id); err != nil {
			return fmt.Errorf("error unlocking an endpoint: %w", err)
		}
	}
	return nil
}

// greet sends a test to the endpoint, and notes its event before anything is served.
func (c *listenCommand) greet(ctx context.Context, g *gateway, merchantID uuid.UUID, endpoint *webhooks.Endpoint, greeting *atomic.Pointer[string]) error {
	return db.InTx(ctx, g.pool, func(tx pgx.Tx) error {
		delivery, err := g.endpoints.Test(ctx, tx, merchantID, endpoint.ID)
		if err != nil {
			return err
		}
		greeting.Store(&delivery.EventID)
		return nil
	})
}

// listenPoll is how often it is asked how the test fares.
const listenPoll = 100 * time.Millisecond

// awaitGreeting waits for the test, so that who is told that all is ready has seen the whole way, and who
// is not learns where it ends.
func (c *listenCommand) awaitGreeting(ctx context.Context, g *gateway, merchantID uuid.UUID, endpoint *webhooks.Endpoint, eventID string, arrived <-chan struct{}) error {
	deadline := time.NewTimer(c.Ready)
	defer deadline.Stop()
	ticker := time.NewTicker(listenPoll)
	defer ticker.Stop()
	log := &webhooks.Log{DB: g.pool, Queue: g.queue, Now: now}
	for {
		select {
		case <-arrived:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return errors.New("no worker has sent the first webhook: is `paygate dev`, or `paygate worker`, running on this database?")
		case <-ticker.C:
		}
		attempt, err := log.FirstFailure(ctx, merchantID, eventID, endpoint.ID)
		if err != nil {
			return err
		}
		if attempt != nil {
			return fmt.Errorf("the workers cannot reach %s: %s. They connect to private addresses only where WEBHOOK_ALLOW_CIDRS lets them; --url names another way here", endpoint.URL, *attempt.Error)
		}
	}
}
