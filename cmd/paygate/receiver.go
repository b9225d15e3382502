package main

import (
	"context"
	"io"
	"log/slog"
	"net"

	"paygate/webhooks/receiver"
)

// receiverSettings is the webhook test server.
type receiverSettings struct {
	ReceiverAddr    address  `name:"receiver-addr" env:"PAYGATE_RECEIVER_ADDR" default:"127.0.0.1:4000" group:"Servers" help:"Where the webhook test server listens."`
	ReceiverSecrets []string `name:"receiver-secret" env:"PAYGATE_RECEIVER_SECRETS" default:"${demo_webhook_secret}" placeholder:"SECRET,…" group:"Webhooks" help:"Endpoint secrets that the webhook test server checks signatures with; that of the demo endpoint by default."`
}

type receiverCommand struct {
	receiverSettings `embed:""`
	logSettings      `embed:"" group:"Logging"`
}

func (c *receiverCommand) run(ctx context.Context, io streams) error {
	logger := c.logger(io.err)
	return runProcess(ctx, func(p *process) error {
		listener, err := p.listen(ctx, c.ReceiverAddr, "PAYGATE_RECEIVER_ADDR")
		if err != nil {
			return err
		}
		if err := say(io.out, "Webhooks go to any path of %s; its page shows them.\n", urlOf(listener)); err != nil {
			return err
		}
		p.serveReceiver(listener, c.receiverSettings, io.out, logger, "")
		logger.LogAttrs(ctx, slog.LevelInfo, "webhook receiver is serving", slog.String("addr", listener.Addr().String()))
		return nil
	})
}

// serveReceiver shows webhooks on out from now on. apiURL is where the page's example goes, "" for the default.
func (p *process) serveReceiver(listener net.Listener, s receiverSettings, out io.Writer, logger *slog.Logger, apiURL string) {
	server := receiver.New(receiver.Options{Secrets: s.ReceiverSecrets, Output: out, Logger: logger, APIURL: apiURL})
	p.serve(listener, server, logger, server.Close)
}

// urlOf is where a browser on this machine finds what listens.
func urlOf(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "http://" + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
