package signature

import "errors"

// Failures of [Verifier.Verify] that carry no data of their own, for errors.Is.
var (
	// ErrNoMatch: no v1 signature of the list is one of the body under any of the
	// secrets. The body was changed on its way (parsed and written again, perhaps),
	// or the secret is another endpoint's.
	ErrNoMatch = errors.New("no signature matches")
	// ErrNoSecret: the verifier holds no secret, or an empty one.
	ErrNoSecret = errors.New("no secret to verify with")
	// ErrTooNew: the timestamp lies further ahead than the tolerance; one of the two
	// clocks is wrong.
	ErrTooNew = errors.New("the timestamp is too new")
	// ErrTooOld: the timestamp lies further back than the tolerance; the delivery was
	// held up, recorded and sent again, or one of the two clocks is wrong.
	ErrTooOld = errors.New("the timestamp is too old")
)

// MissingHeaderError tells which header a delivery lacks, or has without a value.
type MissingHeaderError struct {
	Header string // in the spelling of its constant
}

func (e *MissingHeaderError) Error() string { return "header " + e.Header + " is missing" }

// MalformedHeaderError tells which header cannot be what a sender meant.
type MalformedHeaderError struct {
	Header string
	Reason string // in words that follow the header's name; the value is not among them
}

func (e *MalformedHeaderError) Error() string { return "header " + e.Header + " " + e.Reason }

// SecretError tells why a text is no secret, without repeating any of it.
type SecretError struct {
	Reason string
}

func (e *SecretError) Error() string { return "not a webhook secret: " + e.Reason }
