package receiver

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"paygate/fault"
)

// plan is how one webhook is answered.
type plan struct {
	mode       Mode
	status     int // 0: the connection is closed instead
	delay      time.Duration
	location   string
	retryAfter int
	bySettings bool // it came from settings that count down
	reason     string
}

// Answer is how a webhook was answered, as the list shows it.
type Answer struct {
	Mode Mode `json:"mode"`
	// Status is 0 when none was sent: the connection was closed, or the sender left.
	Status     int    `json:"status"`
	DelayMS    int64  `json:"delay_ms"`
	Location   string `json:"location"`
	RetryAfter int    `json:"retry_after"`
	// Reason says why, when it is not a plain 200; else it is empty.
	Reason string `json:"reason"`
	// SenderLeftMS is after how many milliseconds the sender went away without
	// waiting for the answer; null when it stayed.
	SenderLeftMS *int64 `json:"sender_left_ms"`
}

func (p plan) answer() Answer {
	return Answer{
		Mode:       p.mode,
		Status:     p.status,
		DelayMS:    p.delay.Milliseconds(),
		Location:   p.location,
		RetryAfter: p.retryAfter,
		Reason:     p.reason,
	}
}

// planBySettings answers as the settings say.
func planBySettings(s Settings) plan {
	p := plan{
		mode:       s.Mode,
		status:     s.Status,
		delay:      time.Duration(s.DelayMS) * time.Millisecond,
		location:   s.Location,
		retryAfter: s.RetryAfter,
		bySettings: s.Mode != ModeOK,
	}
	if p.bySettings {
		p.reason = "told to by the settings"
	}
	return p
}

// queryModes are the parameters of an endpoint's own URL that decide the answer.
// They win over the settings, so that one endpoint of several can misbehave for as
// long as it lives.
var queryModes = []string{"fail", "delay", "redirect", "retry_after", "close", "gone"}

// planByQuery reads them: ?fail=500, ?delay=3s, ?redirect=/elsewhere, ?retry_after=5,
// ?close, ?gone. Several combine: ?fail=503&retry_after=5&delay=1s. It returns false
// when there is none of them; a value that cannot be is answered with 400, because a
// sender under test must not pass for a wrong reason.
func planByQuery(query url.Values) (plan, bool) {
	asked := false
	for _, name := range queryModes {
		asked = asked || query.Has(name)
	}
	if !asked {
		return plan{}, false
	}
	settings, err := settingsByQuery(query)
	if err != nil {
		return plan{mode: ModeFail, status: http.StatusBadRequest, reason: fault.From(err).Message}, true
	}
	p := planBySettings(settings)
	// Retry-After goes with any failure here, the settings know it with one mode only.
	if query.Has("retry_after") {
		p.retryAfter, _ = strconv.Atoi(query.Get("retry_after")) // checked above
	}
	p.bySettings = false
	p.reason = "told to by the URL's query"
	return p, true
}

// settingsByQuery gives the parameters the meaning, the defaults and the checks that
// the settings have.
func settingsByQuery(query url.Values) (Settings, error) {
	s := Settings{Mode: ModeDelay}
	if query.Has("delay") {
		delay, err := time.ParseDuration(query.Get("delay"))
		if err != nil || delay < time.Millisecond || delay > maxDelay {
			return s, fault.On(fault.InvalidParameter, "delay", "delay is a duration from 1ms to %s, as 3s or 500ms", maxDelay)
		}
		s.DelayMS = delay.Milliseconds()
	}
	if query.Has("retry_after") {
		seconds, err := strconv.Atoi(query.Get("retry_after"))
		if err != nil || seconds < 1 || seconds > maxRetryAfter {
			return s, fault.On(fault.InvalidParameter, "retry_after", "retry_after is 1 to %d seconds", maxRetryAfter)
		}
		s.Mode, s.RetryAfter = ModeRateLimit, seconds
	}
	switch {
	case query.Has("close"):
		s.Mode = ModeClose
	case query.Has("gone"):
		s.Mode = ModeGone
	case query.Has("redirect"):
		s.Mode, s.Location = ModeRedirect, query.Get("redirect")
	case query.Has("fail"):
		s.Mode = ModeFail
		if text := query.Get("fail"); text != "" {
			status, err := strconv.Atoi(text)
			if err != nil || status == 0 {
				return s, fault.On(fault.InvalidParameter, "fail", "fail is a status from 300 to 599")
			}
			s.Status = status
		}
	}
	return s.normalize()
}
