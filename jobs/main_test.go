package jobs

import (
	"testing"

	"paygate/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
