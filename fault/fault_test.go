package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

func TestError(t *testing.T) {
	t.Parallel()

	base := fault.On(fault.InvalidAmount, "amount", "amount must be at most %d.", 5)
	require.Equal(t, "amount must be at most 5.", base.Message)
	require.EqualError(t, base, "invalid_amount: amount must be at most 5. (amount)")

	caused := base.Because(io.ErrUnexpectedEOF).After(time.Second)
	require.EqualError(t, caused, "invalid_amount: amount must be at most 5. (amount): unexpected EOF")
	require.ErrorIs(t, caused, io.ErrUnexpectedEOF)
	require.Equal(t, time.Second, caused.RetryAfter)
	require.Zero(t, base.RetryAfter, "a copy, not a change")
	require.NoError(t, base.Unwrap())

	require.ErrorIs(t, fmt.Errorf("error creating: %w", caused), fault.New(fault.InvalidAmount, "whatever it says"))
	require.NotErrorIs(t, caused, fault.New(fault.InvalidValue, ""))
}

func TestFrom(t *testing.T) {
	t.Parallel()

	public := fault.New(fault.NotFound, "There is nothing.")
	require.Same(t, public, fault.From(fmt.Errorf("error reading: %w", public)))

	private := errors.New("SQLSTATE 42P01")
	internal := fault.From(private)
	require.Equal(t, fault.Internal, internal.Code)
	require.NotContains(t, internal.Message, "SQLSTATE")
	require.ErrorIs(t, internal, private, "for the log")

	require.Equal(t, fault.NotFound, fault.CodeOf(public))
	require.Equal(t, fault.Internal, fault.CodeOf(private))
	require.Empty(t, fault.CodeOf(nil))
}
