// Command paygate is the gateway: every role and tool of it is a subcommand of this one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // a bad flag or setting
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// cli is every command and, through the groups they embed, every setting.
type cli struct {
	Dev      devCommand      `cmd:"" help:"Run everything in one process, on loopback, with demo data. Needs nothing but this binary."`
	API      apiCommand      `cmd:"" name:"api" help:"Serve the REST API."`
	Worker   workerCommand   `cmd:"" help:"Process payments and refunds, deliver webhooks."`
	Receiver receiverCommand `cmd:"" help:"Run a webhook test server that shows what it receives and checks signatures."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to the schema of this binary."`
	Seed     seedCommand     `cmd:"" help:"Make the demo merchant, its keys, order and webhook endpoint."`
	Doctor   doctorCommand   `cmd:"" help:"Check every invariant over the live database; status 1 when one is broken."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// command is what a subcommand can do.
type command interface {
	run(ctx context.Context, io streams) error
}

// streams are where a command writes: results to out, everything else to err.
type streams struct{ out, err io.Writer }

// usageError is a setting or flag that cannot be used; it ends the process with exitUsage.
type usageError struct{ cause error }

func (e *usageError) Error() string { return e.cause.Error() }
func (e *usageError) Unwrap() error { return e.cause }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// run is the whole program but for the signals, so that tests can start it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var commands cli
	ended := -1 // set when --help has answered
	parser, err := kong.New(&commands,
		kong.Name("paygate"),
		kong.Description("A self-hosted payment gateway: REST API, background processing, signed webhooks.\n\nStart with: paygate dev"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { ended = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Vars{"demo_webhook_secret": demoWebhookSecret},
	)
	if err != nil {
		return fail(stderr, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if ended >= 0 {
		return ended
	}
	if err != nil {
		return fail(stderr, &usageError{err})
	}
	selected, ok := reflect.TypeAssert[command](parsed.Selected().Target.Addr())
	if !ok {
		return fail(stderr, fmt.Errorf("command %s cannot run", parsed.Command()))
	}
	if err := selected.run(ctx, streams{stdout, stderr}); err != nil && !errors.Is(err, context.Canceled) {
		return fail(stderr, err)
	}
	return exitOK
}

// fail prints one line and returns the status that goes with it.
func fail(stderr io.Writer, err error) int {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	_, _ = fmt.Fprintf(stderr, "paygate: %s\n", text)
	if _, usage := errors.AsType[*usageError](err); usage {
		return exitUsage
	}
	return exitFailure
}
