package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunProcess(t *testing.T) {
	t.Parallel()

	// parts starts three that note in which order they stop.
	parts := func(order *[]string) func(p *process) error {
		return func(p *process) error {
			for _, name := range []string{"database", "workers", "server"} {
				p.onStop(func(ctx context.Context) error {
					*order = append(*order, name)
					return ctx.Err()
				})
			}
			return nil
		}
	}
	wanted := []string{"server", "workers", "database"}

	t.Run("EndsInOrderWhenItIsAskedTo", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var order []string
		require.NoError(t, runProcess(ctx, parts(&order)), "parts stop with a context that has not ended")
		require.Equal(t, wanted, order)
	})

	t.Run("EndsWhenAPartFails", func(t *testing.T) {
		t.Parallel()

		var order []string
		err := runProcess(t.Context(), func(p *process) error {
			p.fail(errors.New("first"))
			p.fail(errors.New("second"))
			return parts(&order)(p)
		})
		require.EqualError(t, err, "first", "what follows from the first failure is not another")
		require.Equal(t, wanted, order)
	})

	t.Run("StopsWhatStartedBeforeAFailure", func(t *testing.T) {
		t.Parallel()

		var order []string
		err := runProcess(t.Context(), func(p *process) error {
			require.NoError(t, parts(&order)(p))
			return errors.New("port in use")
		})
		require.EqualError(t, err, "port in use")
		require.Equal(t, wanted, order)
	})

	t.Run("ASignalDuringTheStartIsNoFailure", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, runProcess(ctx, func(*process) error {
			cancel()
			return fmt.Errorf("error connecting: %w", ctx.Err())
		}))
	})

	t.Run("AFailureToStopIsOne", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.EqualError(t, runProcess(ctx, func(p *process) error {
			p.onStop(func(context.Context) error { return errors.New("it would not end") })
			return nil
		}), "it would not end")
	})
}
