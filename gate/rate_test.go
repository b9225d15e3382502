package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/gate"
)

func TestParseRate(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]gate.Rate{
		"0":         {},
		"1/s":       {Requests: 1, Per: time.Second},
		"100/s":     {Requests: 100, Per: time.Second},
		"6000/m":    {Requests: 6000, Per: time.Minute},
		"20000/h":   {Requests: 20000, Per: time.Hour},
		"1000000/h": {Requests: gate.MaxRequests, Per: time.Hour},
	} {
		rate, err := gate.ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, rate, text)
		require.Equal(t, text, rate.String())
	}
}

func TestParseRate_RefusesWhatIsNotWrittenLikeThat(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"", "100", "/s", "100/", "100/d", "100/S", "100/sec", "100 /s", " 100/s", "100/s ", "+100/s", "0100/s", "1e3/s", "1.5/s", "-1/s",
		"0/s", "00", "-0", "1000001/s", "99999999999999999999/s", "100/s/s", "١/s",
	} {
		_, err := gate.ParseRate(text)
		require.Error(t, err, "%q", text)
		require.Contains(t, err.Error(), "0 for no limit", "%q", text)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"0", "100/s", "6000/m", "1/h", "+1/s", "1//s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if rate, err := gate.ParseRate(text); err == nil {
			require.Equal(t, text, rate.String(), "there is one way to write each rate")
		}
	})
}
