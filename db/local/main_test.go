package local

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// holdDir turns the test binary into a process that runs a local Postgres until it is
// killed: what the tests of crashes crash.
var holdDir = flag.String("hold", "", "run a local Postgres in this folder, print its URL, and wait")

// hasty spares the disk: no test crashes the machine, and a crash of the server alone loses
// nothing that it gave to the kernel.
var hasty = map[string]string{"fsync": "off"}

func TestMain(m *testing.M) {
	flag.Parse()
	if *holdDir != "" {
		os.Exit(hold(*holdDir))
	}
	code := m.Run()
	if dir, err := newCluster(); err == nil {
		err = Remove(context.Background(), dir)
		if err == nil {
			err = goleak.Find()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func hold(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server, err := StartPostgres(ctx, PostgresOptions{Dir: dir, Settings: hasty})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, server.URL())
	<-ctx.Done()
	if err := server.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
