// Command paygate is the gateway: every role and tool of it is a subcommand of this one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // a bad flag or setting
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		// The first signal asks for an orderly end; a second one ends at once. So signals are given back to
		// the system before anything else happens, which signal.NotifyContext would do at some time after.
		signal.Stop(signals)
		cancel()
	}()
	tuneCollector(os.LookupEnv)
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// cli is every command and, through the groups they embed, every setting.
type cli struct {
	Dev       devCommand       `cmd:"" help:"Run everything in one process, on loopback, with demo data. Needs nothing but this binary."`
	API       apiCommand       `cmd:"" name:"api" help:"Serve the REST API."`
	Dashboard dashboardCommand `cmd:"" help:"Serve the dashboard."`
	Checkout  checkoutCommand  `cmd:"" help:"Serve checkout.js and the payment page."`
	Worker    workerCommand    `cmd:"" help:"Process payments and refunds, deliver webhooks."`
	Receiver  receiverCommand  `cmd:"" help:"Run a webhook test server that shows what it receives and checks signatures."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database to the schema of this binary."`
	Seed      seedCommand      `cmd:"" help:"Make the demo merchant, its keys, order and webhook endpoint."`
	Users     usersCommand     `cmd:"" help:"Say who can sign in to the dashboard."`
	Keys      keysCommand      `cmd:"" help:"Give out API keys and take them back."`
	Origins   originsCommand   `cmd:"" help:"Say which sites may show a merchant's payment page."`
	Reseal    resealCommand    `cmd:"" help:"Seal every secret in the database with the first of PAYGATE_ENCRYPTION_KEYS, so that the others can go."`
	Listen    listenCommand    `cmd:"" help:"Show a merchant's webhooks as they are sent, and forward them to a server on this machine."`
	Trigger   triggerCommand   `cmd:"" help:"Make an event happen to the demo merchant, with a real payment."`
	Doctor    doctorCommand    `cmd:"" help:"Check every invariant over the live database; status 1 when one is broken."`
	Bench     benchCommand     `cmd:"" help:"Measure how many payments an installation takes, and how fast it answers."`
	Health    healthCommand    `cmd:"" help:"Ask a server on this machine whether it is well; status 1 when it is not."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
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

// run is the whole program but for the signals, so that tests can start it. It ends when ctx does.
func run(ctx context.Context, args []string, env lookupEnv, stdout, stderr io.Writer) int {
	selected, err := parse(args, env, stdout)
	if err == nil && selected != nil {
		err = selected.run(ctx, streams{stdout, stderr})
	}
	if err == nil {
		return exitOK
	}
	return fail(stderr, err)
}

// fail says what went wrong and returns the status that goes with it. A bad setting is one line; a
// server that does not start may need its own last words.
func fail(stderr io.Writer, err error) int {
	text, status := err.Error(), exitFailure
	if _, usage := errors.AsType[*usageError](err); usage {
		text, status = strings.ReplaceAll(text, "\n", " "), exitUsage
	}
	_, _ = fmt.Fprintf(stderr, "paygate: %s\n", text) // there is nowhere else to say it
	return status
}
