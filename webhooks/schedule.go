package webhooks

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// DefaultSchedule is when attempts are made, each counted from the one before.
const DefaultSchedule = "0s,5s,1m,5m,30m,2h,5h,10h,10h"

// maxAttempts bounds a schedule; its position is kept in a smallint.
const maxAttempts = 100

// maxPause bounds one pause. Who waits longer for a merchant's server has forgotten it.
const maxPause = 30 * 24 * time.Hour

// Schedule is the pauses before each automatic attempt; the first is before the first.
type Schedule []time.Duration

// ParseSchedule reads Go durations separated by commas.
func ParseSchedule(text string) (Schedule, error) {
	parts := strings.Split(text, ",")
	if len(parts) > maxAttempts {
		return nil, fmt.Errorf("a schedule has at most %d attempts, not %d", maxAttempts, len(parts))
	}
	schedule := make(Schedule, 0, len(parts))
	for _, part := range parts {
		pause, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil || pause < 0 {
			return nil, fmt.Errorf("%q is not a pause such as 5s, 1m or 2h", strings.TrimSpace(part))
		}
		if pause > maxPause {
			return nil, fmt.Errorf("%s is too long a pause; at most %s is possible", strings.TrimSpace(part), maxPause)
		}
		schedule = append(schedule, pause)
	}
	if schedule[0] != 0 {
		return nil, errors.New("the first pause of a schedule must be 0s: an event is sent at once")
	}
	return schedule, nil
}

// Pause is how long to wait before the attempt that follows step attempts, varied by ±10 %
// so that deliveries that failed together do not come back together. It is false when the
// schedule is used up.
func (s Schedule) Pause(step int) (time.Duration, bool) {
	if step >= len(s) {
		return 0, false
	}
	const jitter = 0.1
	return time.Duration(float64(s[step]) * (1 - jitter + 2*jitter*rand.Float64())), true //nolint:gosec // spreads load, guards nothing
}
