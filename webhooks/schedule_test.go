package webhooks

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseSchedule(t *testing.T) {
	t.Parallel()

	schedule, err := ParseSchedule(DefaultSchedule)
	require.NoError(t, err)
	require.Equal(t, Schedule{
		0, 5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
	}, schedule)
	for text, want := range map[string]Schedule{
		"0s":                             {0},
		"0":                              {0},
		" 0s , 10ms,1h30m ":              {0, 10 * time.Millisecond, 90 * time.Minute},
		"0s,0s,0s":                       {0, 0, 0},
		"0s,720h":                        {0, 720 * time.Hour},
		"0s" + strings.Repeat(",1s", 99): append(Schedule{0}, slicesOf(time.Second, 99)...),
	} {
		schedule, err := ParseSchedule(text)
		require.NoError(t, err, text)
		require.Equal(t, want, schedule)
	}
	for text, says := range map[string]string{
		"": "not a pause", "0s,": "not a pause", "0s,5": "not a pause", "0s,-5s": "not a pause", "0s;5s": "not a pause", "0s,5 s": "not a pause",
		"5s": "must be 0s", "1ns,5s": "must be 0s", "0s,721h": "too long", "0s,2540400h": "too long", "0s,9999999h": "not a pause",
		"0s" + strings.Repeat(",1s", 100): "at most 100",
	} {
		_, err := ParseSchedule(text)
		require.ErrorContains(t, err, says, text)
	}
}

func slicesOf(pause time.Duration, n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = pause
	}
	return all
}

func TestSchedule_Pause(t *testing.T) {
	t.Parallel()

	schedule := Schedule{0, time.Minute, maxPause}
	for step, want := range schedule {
		least, most := maxPause*2, time.Duration(-1)
		for range 2000 {
			pause, more := schedule.Pause(step)
			require.True(t, more)
			require.GreaterOrEqual(t, pause, want-want/10)
			require.LessOrEqual(t, pause, want+want/10)
			least, most = min(least, pause), max(most, pause)
		}
		require.GreaterOrEqual(t, most-least, want/10, "what failed together does not come back together")
	}
	_, more := schedule.Pause(3)
	require.False(t, more)
	_, more = Schedule{}.Pause(0)
	require.False(t, more)
}
