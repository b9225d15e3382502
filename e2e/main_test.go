package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"paygate/db/dbtest"
	"paygate/e2e/build"
)

// binary is the program that all tests run.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = build.Binary(".."); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	// These tests mostly wait for processes, so more of them run at once than there are cores. Who says
	// -parallel is still obeyed: it is read later.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err) // there is no such flag any more
	}
	dbtest.Main(m)
}
