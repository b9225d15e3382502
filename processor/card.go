package processor

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"paygate/fault"
)

// Card is what a customer types. It lives from the request to Tokenize and no longer: however it is
// printed, logged or marshalled, it shows nothing of itself. (Go cannot keep that promise for a Card
// in an unexported field, which fmt reads without asking: keep it in a variable.)
type Card struct {
	// Number may have spaces and dashes.
	Number   string
	ExpMonth int
	// ExpYear has two digits or four.
	ExpYear int
	// CVC has three digits, on American Express four.
	CVC string
	// HolderName is passed on to the acquirer and not checked.
	HolderName string
}

// CardToken stands for a card; all of it may be stored and shown.
type CardToken struct {
	Token    string
	Brand    Brand
	Last4    string
	ExpMonth int
	// ExpYear has four digits.
	ExpYear int
}

const redactedCard = "[card redacted]"

// Format prints a fixed text for every verb. fmt.Stringer alone would leave %d to print the fields.
func (c Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedCard) }

// String is a fixed text.
func (c Card) String() string { return redactedCard }

// GoString is a fixed text.
func (c Card) GoString() string { return redactedCard }

// LogValue is a fixed text.
func (c Card) LogValue() slog.Value { return slog.StringValue(redactedCard) }

// MarshalText is a fixed text, for every encoder that asks for one.
func (c Card) MarshalText() ([]byte, error) { return []byte(redactedCard), nil }

// MarshalJSON is a fixed text.
func (c Card) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedCard + `"`), nil }

// Normalize checks a card the way every acquirer would and returns it with digits alone in Number
// and four digits in ExpYear. The error is a *fault.Error as Acquirer.Tokenize promises.
func (c Card) Normalize(now time.Time) (Card, Brand, error) {
	digits, ok := cardDigits(c.Number)
	switch {
	case c.Number == "":
		return Card{}, "", invalidCard("card.number", "card.number is missing.")
	case !ok:
		return Card{}, "", invalidCard("card.number", "card.number must have 13 to 19 digits; only spaces and dashes may stand between them.")
	}
	spec := brandOf(digits)
	switch {
	case !spec.hasLength(len(digits)):
		return Card{}, "", invalidCard("card.number", "card.number has too many or too few digits for this kind of card.")
	case !luhn(digits):
		return Card{}, "", invalidCard("card.number", "card.number is not a valid card number: its check digit is wrong. Was a digit mistyped?")
	}

	year := c.ExpYear
	if year >= 0 && year < 100 {
		year += 2000
	}
	switch {
	case c.ExpMonth < 1 || c.ExpMonth > 12:
		return Card{}, "", invalidCard("card.exp_month", "card.exp_month must be a number from 1 to 12.")
	case year < 2000 || year > now.Year()+maxYearsValid:
		return Card{}, "", invalidCard("card.exp_year", "card.exp_year must be the year in two or four digits, as on the card.")
	case expired(year, time.Month(c.ExpMonth), now):
		param := "card.exp_month"
		if year < now.Year() {
			param = "card.exp_year"
		}
		return Card{}, "", fault.On(fault.ExpiredCard, param, "The card has expired. Use one that is still valid.")
	}

	switch {
	case c.CVC == "":
		return Card{}, "", invalidCard("card.cvc", "card.cvc is missing.")
	case len(c.CVC) != spec.cvcLength || !onlyDigits(c.CVC):
		return Card{}, "", invalidCard("card.cvc", "card.cvc must have %d digits for this kind of card.", spec.cvcLength)
	}
	c.Number, c.ExpYear = digits, year
	return c, spec.brand, nil
}

// maxYearsValid tells a mistyped year from a long-lived card.
const maxYearsValid = 50

// expired leaves a card valid until its month has ended everywhere on earth: the issuer has the last
// word, and refusing a card that it would take costs a sale.
func expired(year int, month time.Month, now time.Time) bool {
	end := time.Date(year, month+1, 1, 12, 0, 0, 0, time.UTC)
	return !now.Before(end)
}

// cardDigits takes out what people type or paste between the digits.
func cardDigits(number string) (string, bool) {
	// Long enough for 19 digits each followed by a wide space, and no longer.
	if len(number) > 19*4 {
		return "", false
	}
	var digits strings.Builder
	for _, r := range number {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '-' || unicode.IsSpace(r):
		default:
			return "", false
		}
	}
	out := digits.String()
	// A leading zero is reserved for ISO's own use (ISO/IEC 7812-1) and would let 0000… pass Luhn.
	return out, len(out) >= 13 && len(out) <= 19 && out[0] != '0'
}

// luhn checks the last digit (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func onlyDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

func invalidCard(param, format string, args ...any) error {
	return fault.On(fault.InvalidCard, param, format, args...)
}
