package receiver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"paygate/fault"
)

// Mode is a way to answer.
type Mode string

// The modes. Each but ModeOK is a fault that a sender of webhooks has to live with.
const (
	ModeOK        Mode = "ok"
	ModeFail      Mode = "fail"
	ModeDelay     Mode = "delay"
	ModeRedirect  Mode = "redirect"
	ModeClose     Mode = "close"
	ModeRateLimit Mode = "rate_limit"
	ModeGone      Mode = "gone"
)

const (
	// maxDelay is well beyond the 10 s that Paygate waits.
	maxDelay      = 2 * time.Minute
	defaultDelay  = 3 * time.Second
	maxTimes      = 1_000_000
	maxRetryAfter = 24 * 60 * 60
	maxLocation   = 2048

	// defaultLocation is received like any other path, so that a sender that wrongly
	// follows shows up as a second webhook.
	defaultLocation   = "/elsewhere"
	defaultRetryAfter = 5
)

// modeRule says which statuses go with a mode; the first is the default.
type modeRule struct {
	mode     Mode
	statuses []int
}

var modeRules = []modeRule{
	{ModeOK, statusRange(200, 299)},
	{ModeFail, append([]int{http.StatusInternalServerError}, statusRange(300, 599)...)},
	{ModeDelay, statusRange(200, 599)},
	// 307 comes first because it repeats the POST with its body: a sender that
	// follows it is seen here again, one that follows a 302 would come with a GET.
	{ModeRedirect, []int{307, 301, 302, 303, 308}},
	{ModeClose, []int{0}},
	{ModeRateLimit, []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}},
	{ModeGone, []int{http.StatusGone}},
}

func statusRange(from, to int) []int {
	out := make([]int, 0, to-from+1)
	for status := from; status <= to; status++ {
		out = append(out, status)
	}
	return out
}

// Settings say how webhooks are answered until told otherwise: the body of
// GET and PUT /_control. What is left out, or zero, takes the mode's default.
type Settings struct {
	Mode Mode `json:"mode"`
	// Status is the answer's; 0 with ModeClose, which gives none.
	Status int `json:"status"`
	// DelayMS is waited before answering, in any mode, in milliseconds; at most two
	// minutes.
	DelayMS int64 `json:"delay_ms"`
	// Location goes with ModeRedirect.
	Location string `json:"location"`
	// RetryAfter goes with ModeRateLimit, in seconds.
	RetryAfter int `json:"retry_after"`
	// Times counts down with each webhook answered so; then it is ModeOK again.
	// 0 is until told otherwise.
	Times int `json:"times"`
	// Path limits it to webhooks posted to exactly this path; empty is all.
	Path string `json:"path"`
}

func defaultSettings() Settings {
	return Settings{Mode: ModeOK, Status: http.StatusOK}
}

// appliesTo tells whether a webhook posted to path is answered by these settings.
func (s Settings) appliesTo(path string) bool { return s.Path == "" || s.Path == path }

// normalize fills in defaults and drops what the mode has no use for; the error is a
// *fault.Error about one field.
func (s Settings) normalize() (Settings, error) {
	if s.Mode == "" {
		return s, fault.On(fault.MissingField, "mode", "mode is missing; it is one of %s", modeNames())
	}
	i := slices.IndexFunc(modeRules, func(rule modeRule) bool { return rule.mode == s.Mode })
	if i < 0 {
		return s, fault.On(fault.InvalidValue, "mode", "mode is one of %s", modeNames())
	}
	statuses := modeRules[i].statuses
	if s.Status == 0 {
		s.Status = statuses[0]
	}
	if !slices.Contains(statuses, s.Status) {
		return s, fault.On(fault.InvalidValue, "status", "status %d does not go with mode %s", s.Status, s.Mode)
	}
	if s.Mode == ModeDelay && s.DelayMS == 0 {
		s.DelayMS = defaultDelay.Milliseconds()
	}
	if s.DelayMS < 0 || s.DelayMS > maxDelay.Milliseconds() {
		return s, fault.On(fault.InvalidValue, "delay_ms", "delay_ms is 0 to %d", maxDelay.Milliseconds())
	}
	if s.Times < 0 || s.Times > maxTimes {
		return s, fault.On(fault.InvalidValue, "times", "times is 0 (until told otherwise) to %d", maxTimes)
	}
	if s.Path != "" && (!strings.HasPrefix(s.Path, "/") || len(s.Path) > maxLocation) {
		return s, fault.On(fault.InvalidValue, "path", "path begins with a slash, as /webhook/a does")
	}

	if s.Mode != ModeRedirect {
		s.Location = ""
	} else if s.Location == "" {
		s.Location = defaultLocation
	}
	if err := checkLocation("location", s.Location); err != nil {
		return s, err
	}
	if s.Mode != ModeRateLimit {
		s.RetryAfter = 0
	} else if s.RetryAfter == 0 {
		s.RetryAfter = defaultRetryAfter
	}
	if s.RetryAfter < 0 || s.RetryAfter > maxRetryAfter {
		return s, fault.On(fault.InvalidValue, "retry_after", "retry_after is 1 to %d seconds", maxRetryAfter)
	}
	return s, nil
}

func checkLocation(param, location string) error {
	if _, err := url.Parse(location); err != nil || len(location) > maxLocation {
		return fault.On(fault.InvalidValue, param, "%s is a URL or a path, as /elsewhere is", param)
	}
	return nil
}

func modeNames() string {
	names := make([]string, 0, len(modeRules))
	for _, rule := range modeRules {
		names = append(names, string(rule.mode))
	}
	return strings.Join(names, ", ")
}
