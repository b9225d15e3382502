package jobs

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"paygate/payments"
)

func TestRetryPolicy(t *testing.T) {
	t.Parallel()

	for failures, want := range map[int]time.Duration{0: time.Second, 1: 4 * time.Second, 6: 49 * time.Second, 7: time.Minute, 1000: time.Minute} {
		job := &rivertype.JobRow{Errors: make([]rivertype.AttemptError, failures)}
		require.InDelta(t, want.Seconds(), time.Until(retryPolicy{}.NextRetry(job)).Seconds(), 1)
	}
}

func TestPatient(t *testing.T) {
	t.Parallel()

	trouble := errors.New("trouble")
	for name, c := range map[string]struct {
		attempt int
		err     error
		snooze  time.Duration // or the error as it is
		level   string
	}{
		"Done":         {1, nil, 0, ""},
		"Trouble":      {1, trouble, 0, ""},
		"LastAttempt":  {25, trouble, time.Minute, "ERROR"},
		"Unresolved":   {1, &payments.Unresolved{Age: time.Minute, Retry: 7 * time.Second}, 7 * time.Second, "INFO"},
		"OpenForLong":  {1, &payments.Unresolved{Age: time.Hour, Retry: 5 * time.Minute}, 5 * time.Minute, "ERROR"},
		"OpenAtTheEnd": {25, &payments.Unresolved{Age: time.Second, Retry: time.Second}, time.Second, "INFO"},
		"Wrapped":      {1, errors.Join(trouble, &payments.Unresolved{Retry: time.Second}), time.Second, "INFO"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var log bytes.Buffer
			job := &rivertype.JobRow{ID: 7, Kind: "process_payment", EncodedArgs: []byte(`{"payment_id":"pay_1"}`), Attempt: c.attempt, MaxAttempts: 25}
			err := patient(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), job, c.err)
			if c.level == "" {
				require.Equal(t, c.err, err)
				require.Empty(t, log.String())
				return
			}
			snooze, ok := errors.AsType[*river.JobSnoozeError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.snooze, snooze.Duration)
			require.Contains(t, log.String(), "level="+c.level)
			require.Contains(t, log.String(), "pay_1")
		})
	}
}
