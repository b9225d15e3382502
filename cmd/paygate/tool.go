package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// toolSettings is what a command takes that acts on an installation from beside it.
type toolSettings struct {
	databaseSettings    `embed:"" group:"Storage"`
	secretSettings      `embed:"" group:"Secrets"`
	developmentSettings `embed:""`
}

// development tells whether it is a development installation: without a URL it is that of dev.
func (s toolSettings) development() bool { return s.Development || s.DatabaseURL == "" }

// openTool is openGateway for such a command. Webhooks may go wherever its user says: what the workers may
// connect to is decided by their own settings.
func (p *process) openTool(ctx context.Context, s toolSettings, role string, logTo io.Writer) (*gateway, error) {
	return p.openGateway(ctx,
		gatewaySettings{databaseSettings: s.databaseSettings, secretSettings: s.secretSettings, endpointSettings: endpointSettings{anywhere}},
		gatewayOptions{role: role, development: s.development(), logger: logSettings{slog.LevelWarn, logText}.logger(logTo)})
}

// runTool runs do, and ends what that has opened.
func runTool(ctx context.Context, do func(p *process) error) error {
	p := newProcess()
	err := do(p)
	return errors.Join(err, p.stop(context.WithoutCancel(ctx)))
}
