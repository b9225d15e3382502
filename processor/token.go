package processor

import (
	"strings"

	"paygate/db/ids"
)

const tokenPrefix ids.Prefix = "tok_"

// outcomeInvalidToken is that of a token which is none of ours.
const outcomeInvalidToken Outcome = CodeInvalidToken

// newToken makes a token for a card with this outcome. The simulator keeps no vault: a fixed
// outcome is all that it would have to find there again, and that much the token can say itself.
// So the request that a customer waits for costs no transaction, as with a vault elsewhere.
func newToken(outcome Outcome) string {
	token := ids.New(tokenPrefix)
	if outcome == OutcomeOrdinary {
		return token
	}
	return token + "_" + string(outcome)
}

// tokenOutcome reads it back.
func tokenOutcome(token string) Outcome {
	rest, ours := strings.CutPrefix(token, string(tokenPrefix))
	random, outcome, fixed := strings.Cut(rest, "_")
	switch {
	case !ours || !ids.Valid(tokenPrefix, string(tokenPrefix)+random):
		return outcomeInvalidToken
	case !fixed:
		return OutcomeOrdinary
	}
	for _, t := range testInstruments {
		if t.Method == MethodCard && string(t.Outcome) == outcome {
			return t.Outcome
		}
	}
	return outcomeInvalidToken
}
