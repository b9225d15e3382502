package processor

import (
	"regexp"

	"paygate/fault"
)

// NPCI publishes no normative grammar. This is what UPI apps accept in practice; the part behind
// the @ is a single word without a dot, which is what tells an address from an e-mail's.
var vpaPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{2,256}@[a-zA-Z][a-zA-Z0-9]{1,63}$`)

// ValidateVPA checks the form of a UPI address (virtual payment address, name@provider). The error
// is a *fault.Error invalid_vpa on param vpa.
func ValidateVPA(vpa string) error {
	if !vpaPattern.MatchString(vpa) {
		return fault.On(fault.InvalidVPA, "vpa", "vpa must be a UPI address such as name@bank: at least two letters, digits, dots, dashes or underscores, one @, and a provider of at least two letters or digits, the first a letter.")
	}
	return nil
}
