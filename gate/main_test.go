package gate_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"paygate/db/dbtest"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // it would print each refused connection, and here they are refused on purpose
	dbtest.Main(m)
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
