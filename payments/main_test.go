package payments_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"paygate/db/dbtest"
)

// The test binary is also the worker that crashes: see crash_test.go.
var (
	crashURL = flag.String("crash.url", "", "be a worker on this database")
	crashAt  = flag.String("crash.at", "", "and die by SIGKILL at this step")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *crashURL != "" {
		err := workUntilDeath(context.Background(), *crashURL, *crashAt)
		fmt.Fprintln(os.Stderr, "the worker survived:", err)
		os.Exit(1)
	}
	dbtest.Main(m)
}
