package gate_test

import (
	"testing"

	"paygate/db/dbtest"
	"paygate/gate/gatetest"
)

func TestMain(m *testing.M) {
	gatetest.Quiet()
	dbtest.Main(m)
}
