package signature

import (
	"crypto/hmac"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how far a delivery's timestamp may lie from now, either way;
// the reference libraries of Standard Webhooks have the same.
const DefaultTolerance = 5 * time.Minute

// Verifier checks the Standard Webhooks signature of deliveries. It may be used by
// many goroutines at once.
type Verifier struct {
	// Secrets are those that a delivery may be signed with, in any order: one, or
	// the old and the new one during a rotation. Required.
	Secrets []Secret
	// Tolerance is how far the timestamp may lie from now, either way; zero means
	// DefaultTolerance. It bounds for how long a recorded delivery can be sent again,
	// and so for how long webhook-ids have to be remembered.
	Tolerance time.Duration
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Verify returns nil if body is what was signed, by a holder of one of the secrets,
// no longer than the tolerance ago. body must be the bytes of the request as they
// came: parsed and written again, they may differ.
//
// Its failures, in the order of the checks: [ErrNoSecret]; [*MissingHeaderError] and
// [*MalformedHeaderError] with the header's name, where one that is given twice is
// malformed too; [ErrTooOld] and [ErrTooNew]; [ErrNoMatch]. None says anything that a
// sender must not be told; still, 401 without a text is answer enough.
func (v *Verifier) Verify(header http.Header, body []byte) error {
	if err := checkSecrets(v.Secrets); err != nil {
		return err
	}
	id, err := single(header, HeaderID)
	if err != nil {
		return err
	}
	timestamp, err := single(header, HeaderTimestamp)
	if err != nil {
		return err
	}
	signatures, err := single(header, HeaderSignature)
	if err != nil {
		return err
	}
	if reason := malformedID(id); reason != "" {
		return &MalformedHeaderError{Header: HeaderID, Reason: reason}
	}
	at, err := parseTimestamp(timestamp)
	if err != nil {
		return err
	}
	if err := v.checkAge(at); err != nil {
		return err
	}
	if !v.matches(signatures, SignedContent(id, at, body)) {
		return ErrNoMatch
	}
	return nil
}

func (v *Verifier) checkAge(at time.Time) error {
	now := time.Now
	if v.Now != nil {
		now = v.Now
	}
	tolerance := v.Tolerance
	if tolerance == 0 {
		tolerance = DefaultTolerance
	}
	current := now()
	if age := current.Sub(at); age > tolerance {
		return fmt.Errorf("%w: %s old, where %s are allowed", ErrTooOld, age.Round(time.Second), tolerance)
	}
	if lead := at.Sub(current); lead > tolerance {
		return fmt.Errorf("%w: %s ahead, where %s are allowed", ErrTooNew, lead.Round(time.Second), tolerance)
	}
	return nil
}

// matches compares encoded signatures, not what they encode, so that there is one
// spelling of each. The comparison of two takes the same time wherever they differ.
func (v *Verifier) matches(signatures string, content []byte) bool {
	expected := make([][]byte, len(v.Secrets))
	for i, secret := range v.Secrets {
		expected[i] = sign(secret, content)
	}
	for entry := range strings.SplitSeq(signatures, " ") {
		given, ok := strings.CutPrefix(entry, version+",")
		if !ok {
			continue
		}
		for _, want := range expected {
			if hmac.Equal([]byte(given), want) {
				return true
			}
		}
	}
	return false
}

func checkSecrets(secrets []Secret) error {
	if len(secrets) == 0 {
		return ErrNoSecret
	}
	for _, secret := range secrets {
		// The zero Secret: anyone can sign with an empty key.
		if len(secret.key) == 0 {
			return ErrNoSecret
		}
	}
	return nil
}

// single is the one value of a header. Of two it would be anyone's guess which one
// the application goes by.
func single(header http.Header, name string) (string, error) {
	switch values := header.Values(name); {
	case len(values) > 1:
		return "", &MalformedHeaderError{Header: name, Reason: "is given more than once"}
	case len(values) == 0 || values[0] == "":
		return "", &MissingHeaderError{Header: name}
	default:
		return values[0], nil
	}
}

// parseTimestamp takes Unix seconds in their one decimal spelling: what is signed is
// the number, so a second spelling would be a second valid delivery.
func parseTimestamp(text string) (time.Time, error) {
	const most = 253402300799 // the last second of the year 9999
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > most || strconv.FormatInt(seconds, 10) != text {
		return time.Time{}, &MalformedHeaderError{Header: HeaderTimestamp, Reason: "is not a time in Unix seconds"}
	}
	return time.Unix(seconds, 0).UTC(), nil
}
