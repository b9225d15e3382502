package receiver

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

// FuzzPlan: any query tells the receiver how to answer within its bounds, or is answered with 400.
func FuzzPlan(f *testing.F) {
	for _, seed := range []string{"fail=500", "delay=3s", "redirect=/elsewhere", "retry_after=5&fail=503", "close", "gone", "fail=99", "delay=-1s", "retry_after=9999999", "redirect=%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		settings, err := settingsByQuery(query)
		p, asked := planByQuery(query)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.CodeOf(err))
			require.True(t, !asked || p.status == http.StatusBadRequest)
			return
		}
		require.True(t, settings.DelayMS >= 0 && settings.DelayMS <= maxDelay.Milliseconds())
		if asked {
			require.True(t, p.retryAfter >= 0 && p.retryAfter <= maxRetryAfter)
			require.True(t, p.status == 0 || p.status >= 200 && p.status <= 599)
		}
	})
}
