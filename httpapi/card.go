package httpapi

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"paygate/fault"
	"paygate/processor"
)

// cardRequest is a card as a caller sends it. The expiry_… and cvv names are those of the family of
// gateways that people come from.
type cardRequest struct {
	Number      *string  `json:"number"`
	ExpMonth    *numeral `json:"exp_month"`
	ExpYear     *numeral `json:"exp_year"`
	CVC         *string  `json:"cvc"`
	HolderName  *string  `json:"holder_name"`
	ExpiryMonth *numeral `json:"expiry_month"`
	ExpiryYear  *numeral `json:"expiry_year"`
	CVV         *string  `json:"cvv"`
}

func (r *cardRequest) card() (processor.Card, error) {
	month, err := either("card.exp_month", r.ExpMonth, "card.expiry_month", r.ExpiryMonth)
	if err != nil {
		return processor.Card{}, err
	}
	year, err := either("card.exp_year", r.ExpYear, "card.expiry_year", r.ExpiryYear)
	if err != nil {
		return processor.Card{}, err
	}
	cvc, err := either("card.cvc", r.CVC, "card.cvv", r.CVV)
	if err != nil {
		return processor.Card{}, err
	}
	if err := require(need("card.number", r.Number)); err != nil {
		return processor.Card{}, err
	}
	card := processor.Card{Number: *r.Number, ExpMonth: int(*month), ExpYear: int(*year), CVC: *cvc}
	if r.HolderName != nil {
		card.HolderName = *r.HolderName
	}
	return card, nil
}

// asWritten names the field at fault as the caller wrote it, where the acquirer knows another name.
func (r *cardRequest) asWritten(err error) error {
	public, ok := errors.AsType[*fault.Error](err)
	if !ok || r == nil {
		return err
	}
	for _, field := range []struct {
		written     bool
		name, alias string
	}{
		{r.ExpiryMonth != nil, "card.exp_month", "card.expiry_month"},
		{r.ExpiryYear != nil, "card.exp_year", "card.expiry_year"},
		{r.CVV != nil, "card.cvc", "card.cvv"},
	} {
		if field.written && public.Param == field.name {
			return fault.On(public.Code, field.alias, "%s", strings.ReplaceAll(public.Message, field.name, field.alias))
		}
	}
	return err
}

// either returns the one of two names for the same field that was given.
func either[T any](name string, value *T, alias string, other *T) (*T, error) {
	switch {
	case value != nil && other != nil:
		return nil, fault.On(fault.InvalidValue, alias, "%s and %s mean the same. Give one of them.", name, alias)
	case value != nil:
		return value, nil
	case other != nil:
		return other, nil
	default:
		return nil, fault.On(fault.MissingField, name, "%s is missing.", name)
	}
}

// numeral is a small number that may be written as a string of digits, as "04".
type numeral int

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *numeral) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	token, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	if kind := token.Kind(); kind != '0' && kind != '"' {
		return errNumeral()
	}
	// Digits alone, and no more leading zeros than a calendar has: Atoi would take "+4" and "0012" too.
	text := token.String()
	if strings.Trim(text, "0123456789") != "" || len(text) > 4 || len(text) > 2 && text[0] == '0' {
		return errNumeral()
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return errNumeral()
	}
	*n = numeral(value)
	return nil
}

func errNumeral() error {
	return fault.New(fault.InvalidType, "must be a whole number, such as 4, or its digits in a string.")
}
