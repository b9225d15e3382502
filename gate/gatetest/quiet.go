package gatetest

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Quiet keeps Redis clients from printing each refused connection; in these tests they are refused on
// purpose. A TestMain calls it, for the whole process.
func Quiet() { redis.SetLogger(quiet{}) }

type quiet struct{}

// Printf implements the logger of go-redis.
func (quiet) Printf(context.Context, string, ...any) {}
