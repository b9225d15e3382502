package receiver

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"paygate/fault"
	"paygate/webhooks/signature"
)

// Status is what a look at a signature came to.
type Status string

// The statuses. StatusPartial is a verdict's alone: one check holds, and for the
// other there is no header or no fitting secret to look with.
const (
	StatusOK         Status = "ok"
	StatusFailed     Status = "failed"
	StatusMissing    Status = "missing"
	StatusPartial    Status = "partial"
	StatusNotChecked Status = "not_checked"
)

// Verdict is whether a webhook came from one who knows a secret, unchanged and lately.
type Verdict struct {
	Status Status `json:"status"`
	// Summary is the verdict in a few words, as the terminal shows it.
	Summary string `json:"summary"`
	// Checks are always both, seed first.
	Checks []Check `json:"checks"`
}

// Check is the verdict on one of the two signatures that Paygate sends.
type Check struct {
	// Name is seed (X-Webhook-Signature: the hex HMAC-SHA256 of the body) or standard
	// (Standard Webhooks v1: it covers id, time and body).
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Reason says in words why.
	Reason string `json:"reason"`
}

const (
	checkSeed     = "seed"
	checkStandard = "standard"

	noSecret     = "no secret given"
	maxSecretLen = 512
)

// checkSecret lets any text be a secret, as X-Webhook-Signature does; what Standard
// Webhooks cannot decode is said by each verdict.
func checkSecret(secret string) error {
	if secret == "" || len(secret) > maxSecretLen {
		return fault.On(fault.InvalidValue, "secret", "secret is an endpoint's signing secret, as the answer that created the endpoint holds it")
	}
	return nil
}

// checkSignature judges a recorded webhook. Its age is counted from when it was
// received, so that a second look later comes to the same.
func checkSignature(w *Webhook, secrets []string) Verdict {
	var checks []Check
	switch {
	case len(secrets) == 0:
		checks = []Check{{checkSeed, StatusNotChecked, noSecret}, {checkStandard, StatusNotChecked, noSecret}}
	case w.BodyTruncated:
		reason := fmt.Sprintf("the body is larger than %d bytes and was not read to its end", maxBody)
		checks = []Check{{checkSeed, StatusNotChecked, reason}, {checkStandard, StatusNotChecked, reason}}
	default:
		body := w.rawBody()
		checks = []Check{
			verifySeed(w.Headers, body, secrets),
			verifyStandard(w.Headers, body, secrets, time.Time(w.ReceivedAt)),
		}
	}
	return summarize(checks)
}

func verifySeed(header http.Header, body []byte, secrets []string) Check {
	values := header.Values(signature.HeaderBody)
	if len(values) > 1 {
		return Check{checkSeed, StatusFailed, "header " + signature.HeaderBody + " is given more than once"}
	}
	var err error
	for _, secret := range secrets {
		if err = signature.VerifyBody(secret, header.Get(signature.HeaderBody), body); err == nil {
			return Check{checkSeed, StatusOK, "it is the HMAC-SHA256 of the body under " + oneOf(len(secrets))}
		}
	}
	return failedCheck(checkSeed, err, len(secrets))
}

func verifyStandard(header http.Header, body []byte, secrets []string, receivedAt time.Time) Check {
	verifier := signature.Verifier{Now: func() time.Time { return receivedAt }}
	var undecodable error
	for _, text := range secrets {
		secret, err := signature.ParseSecret(text)
		if err != nil {
			undecodable = err
			continue
		}
		verifier.Secrets = append(verifier.Secrets, secret)
	}
	count := len(verifier.Secrets)
	if count == 0 {
		return Check{checkStandard, StatusNotChecked, undecodable.Error()}
	}

	err := verifier.Verify(header, body)
	if err == nil {
		return Check{checkStandard, StatusOK, "id, time and body are signed under " + oneOf(count) + ", and the timestamp is recent"}
	}
	check := failedCheck(checkStandard, err, count)
	if errors.Is(err, signature.ErrTooOld) || errors.Is(err, signature.ErrTooNew) {
		// The time is looked at first. Whether the rest is right tells a wrong clock,
		// or a copy sent again, from a forgery.
		if fitsButForTime(verifier, header, body) {
			check.Reason += "; all else fits"
		} else {
			check.Reason += "; and the signature does not fit either"
		}
	}
	return check
}

func fitsButForTime(verifier signature.Verifier, header http.Header, body []byte) bool {
	seconds, err := strconv.ParseInt(header.Get(signature.HeaderTimestamp), 10, 64)
	if err != nil {
		return false
	}
	verifier.Now = func() time.Time { return time.Unix(seconds, 0) }
	return verifier.Verify(header, body) == nil
}

func failedCheck(name string, err error, secrets int) Check {
	if _, ok := errors.AsType[*signature.MissingHeaderError](err); ok {
		return Check{name, StatusMissing, err.Error()}
	}
	if errors.Is(err, signature.ErrNoMatch) {
		return Check{name, StatusFailed, "it was not made with " + oneOf(secrets) + ", or the body was changed on its way"}
	}
	return Check{name, StatusFailed, err.Error()}
}

func oneOf(secrets int) string {
	if secrets == 1 {
		return "the secret"
	}
	return fmt.Sprintf("one of the %d secrets", secrets)
}

// summarize makes one verdict of the checks: the worst that was found counts.
func summarize(checks []Check) Verdict {
	verdict := Verdict{Checks: checks}
	var holding []string
	var failing, other reasons
	missing := 0
	for _, check := range checks {
		switch check.Status {
		case StatusOK:
			holding = append(holding, check.Name)
		case StatusFailed:
			failing = failing.add(check)
		case StatusMissing:
			missing++
			other = other.add(check)
		case StatusNotChecked, StatusPartial:
			other = other.add(check)
		}
	}
	switch {
	case len(failing) > 0:
		verdict.Status, verdict.Summary = StatusFailed, "signature FAILED ("+failing.String()+")"
	case len(holding) == len(checks):
		verdict.Status, verdict.Summary = StatusOK, "signature ok ("+strings.Join(holding, " + ")+")"
	case len(holding) > 0:
		verdict.Status, verdict.Summary = StatusPartial, "signature ok in part ("+strings.Join(holding, " + ")+" ok; "+other.String()+")"
	case missing > 0:
		verdict.Status, verdict.Summary = StatusMissing, "not signed ("+other.String()+")"
	default:
		verdict.Status, verdict.Summary = StatusNotChecked, "not checked: "+checks[0].Reason
	}
	return verdict
}

// reasons joins what was found, naming checks of the same reason together.
type reasons []Check

func (r reasons) add(check Check) reasons {
	for i, known := range r {
		if known.Reason == check.Reason {
			r[i].Name += " + " + check.Name
			return r
		}
	}
	return append(r, check)
}

func (r reasons) String() string {
	texts := make([]string, 0, len(r))
	for _, check := range r {
		texts = append(texts, check.Name+": "+check.Reason)
	}
	return strings.Join(texts, "; ")
}
