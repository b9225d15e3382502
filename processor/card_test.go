package processor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func goodCard() Card {
	return Card{Number: "4242424242424242", ExpMonth: 12, ExpYear: 2030, CVC: "123", HolderName: "A. Holder"}
}

func TestCardNormalize(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name    string
		number  string
		brand   Brand
		cvc     string
		refused bool
	}{
		{name: "Visa16", number: "4242424242424242", brand: BrandVisa},
		{name: "Visa13", number: "4222222222222", brand: BrandVisa},
		{name: "Visa19", number: "4000000000000000006", brand: BrandVisa},
		{name: "VisaOf15Digits", number: "424242424242420", refused: true},
		{name: "Spaces", number: " 4242 4242 4242 4242 ", brand: BrandVisa},
		{name: "Dashes", number: "4242-4242-4242-4242", brand: BrandVisa},
		{name: "PastedNarrowSpaces", number: "4242\u00a04242\u202f4242\u20094242", brand: BrandVisa},
		{name: "Mastercard", number: "5555555555554444", brand: BrandMastercard},
		{name: "MastercardTwoSeriesFirst", number: "2221000000000009", brand: BrandMastercard},
		{name: "MastercardTwoSeries", number: "2223003122003222", brand: BrandMastercard},
		{name: "MastercardTwoSeriesLast", number: "2720990000000007", brand: BrandMastercard},
		{name: "BeyondTheTwoSeries", number: "2721000000000004", brand: BrandUnknown},
		{name: "Amex", number: "378282246310005", brand: BrandAmex, cvc: "1234"},
		{name: "Amex34", number: "343434343434343", brand: BrandAmex, cvc: "1234"},
		{name: "RuPay60", number: "6074300000000002", brand: BrandRuPay},
		{name: "RuPay65", number: "6521500000000006", brand: BrandRuPay},
		{name: "RuPay508", number: "5085000000000007", brand: BrandRuPay},
		{name: "RuPay81", number: "8172000000000005", brand: BrandRuPay},
		{name: "Discover", number: "6011111111111117", brand: BrandDiscover},
		{name: "Discover65", number: "6500000000000002", brand: BrandDiscover},
		{name: "Diners", number: "3056930009020004", brand: BrandDiners},
		{name: "Diners14", number: "36227206271667", brand: BrandDiners},
		{name: "JCB", number: "3566002020360505", brand: BrandJCB},
		{name: "UnionPay", number: "6200000000000005", brand: BrandUnionPay},
		{name: "Maestro", number: "6759649826438453", brand: BrandMaestro},
		{name: "Unknown", number: "9999999999999995", brand: BrandUnknown},
		{name: "WrongCheckDigit", number: "4242424242424241", refused: true},
		{name: "TooShort", number: "424242424242", refused: true},
		{name: "TooLong", number: "42424242424242424242", refused: true},
		{name: "Letters", number: "4242424242424242x", refused: true},
		{name: "OtherDigits", number: "４２４２４２４２４２４２４２４２", refused: true},
		{name: "Zeros", number: "0000000000000000", refused: true},
		{name: "Nothing", number: "", refused: true},
		{name: "OnlySpaces", number: "    ", refused: true},
		{name: "Flood", number: strings.Repeat(" ", 1<<20) + "4242424242424242", refused: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			card := goodCard()
			card.Number = test.number
			if test.cvc != "" {
				card.CVC = test.cvc
			}
			out, brand, err := card.Normalize(noon)
			if test.refused {
				requireFault(t, err, fault.InvalidCard, "card.number")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.brand, brand)
			require.True(t, onlyDigits(out.Number))
		})
	}
}

func TestCardNormalizeExpiryAndCVC(t *testing.T) {
	t.Parallel()

	atMidnight := time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)

	for _, test := range []struct {
		name        string
		month, year int
		cvc         string
		now         time.Time
		code        fault.Code
		param       string
	}{
		{name: "ThisMonth", month: 11, year: 2026},
		{name: "TwoDigits", month: 11, year: 26},
		{name: "OverTheDateLine", month: 11, year: 2026, now: atMidnight.Add(11 * time.Hour)},
		{name: "MonthEndedEverywhere", month: 11, year: 2026, now: atMidnight.Add(12 * time.Hour), code: fault.ExpiredCard, param: "card.exp_month"},
		{name: "LastMonth", month: 10, year: 2026, code: fault.ExpiredCard, param: "card.exp_month"},
		{name: "LastYear", month: 12, year: 2025, code: fault.ExpiredCard, param: "card.exp_year"},
		{name: "LastYearInTwoDigits", month: 12, year: 25, code: fault.ExpiredCard, param: "card.exp_year"},
		{name: "December", month: 12, year: 2026, now: atMidnight},
		{name: "MonthZero", month: 0, year: 2030, code: fault.InvalidCard, param: "card.exp_month"},
		{name: "MonthThirteen", month: 13, year: 2030, code: fault.InvalidCard, param: "card.exp_month"},
		{name: "YearOfThreeDigits", month: 12, year: 203, code: fault.InvalidCard, param: "card.exp_year"},
		{name: "YearNegative", month: 12, year: -1, code: fault.InvalidCard, param: "card.exp_year"},
		{name: "YearTooFar", month: 12, year: 2077, code: fault.InvalidCard, param: "card.exp_year"},
		{name: "CVCMissing", month: 12, year: 2030, cvc: "-", code: fault.InvalidCard, param: "card.cvc"},
		{name: "CVCOfAmex", month: 12, year: 2030, cvc: "1234", code: fault.InvalidCard, param: "card.cvc"},
		{name: "CVCNotDigits", month: 12, year: 2030, cvc: "12a", code: fault.InvalidCard, param: "card.cvc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			card := goodCard()
			card.ExpMonth, card.ExpYear = test.month, test.year
			if test.cvc != "" {
				card.CVC = strings.TrimPrefix(test.cvc, "-")
			}
			now := noon
			if !test.now.IsZero() {
				now = test.now
			}
			out, _, err := card.Normalize(now)
			if test.code != "" {
				requireFault(t, err, test.code, test.param)
				return
			}
			require.NoError(t, err)
			require.Equal(t, 2026, out.ExpYear)
		})
	}
}

func requireFault(t *testing.T, err error, code fault.Code, param string) {
	t.Helper()
	var public *fault.Error
	require.ErrorAs(t, err, &public)
	require.Equal(t, code, public.Code)
	require.Equal(t, param, public.Param)
}

func TestCardShowsNothing(t *testing.T) {
	t.Parallel()

	card := goodCard()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T"} {
		_, _ = fmt.Fprintf(&out, verb+"\n", card)
		_, _ = fmt.Fprintf(&out, verb+"\n", &card)
		_, _ = fmt.Fprintf(&out, verb+"\n", struct{ Card Card }{card})
		_, _ = fmt.Fprintf(&out, verb+"\n", []Card{card})
		_, _ = fmt.Fprintf(&out, verb+"\n", map[string]*Card{"card": &card})
	}
	out.WriteString(card.String() + card.GoString())
	require.NoError(t, json.NewEncoder(&out).Encode(map[string]any{"card": card, "pointer": &card}))
	// Without the time: its digits can be those of the card.
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, options), slog.NewTextHandler(&out, options)} {
		slog.New(handler).LogAttrs(t.Context(), slog.LevelInfo, "card", slog.Any("card", card), slog.Any("pointer", &card),
			slog.Any("nested", struct{ Card Card }{card}))
	}

	for _, secret := range []string{"4242", "123", "2030", "Holder"} {
		require.NotContains(t, out.String(), secret)
		require.NotContains(t, out.String(), fmt.Sprintf("%x", secret))
	}
}

func TestCardErrorsShowNothing(t *testing.T) {
	t.Parallel()

	for _, spoil := range []func(*Card){
		func(c *Card) { c.Number = "4242424242424241" },
		func(c *Card) { c.Number = "4242424242424242 call me" },
		func(c *Card) { c.CVC = "98765" },
		func(c *Card) { c.ExpYear = 2019 },
	} {
		card := goodCard()
		spoil(&card)
		_, _, err := card.Normalize(noon)
		require.Error(t, err)
		for _, secret := range []string{"4242", "98765", "2019", "call"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func FuzzCardNumber(f *testing.F) {
	for _, seed := range []string{"4242 4242 4242 4242", "378282246310005", "0000000000000000", "4242-", "\u2003", "\xff4242"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		card := goodCard()
		card.Number = number
		out, brand, err := card.Normalize(noon)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, brand)
		require.True(t, onlyDigits(out.Number))
		require.GreaterOrEqual(t, len(out.Number), 13)
		require.LessOrEqual(t, len(out.Number), 19)

		// What was accepted is accepted again as it is, and with one digit mistyped no more.
		again, _, err := out.Normalize(noon)
		require.NoError(t, err)
		require.Equal(t, out, again)
		typo := []byte(out.Number)
		typo[7] = '0' + (typo[7]-'0'+1)%10
		out.Number = string(typo)
		_, _, err = out.Normalize(noon)
		require.Error(t, err)
	})
}

// FuzzCard: any expiry, code and name go with a good number or are refused by name, and what is printed of a card is none of it.
func FuzzCard(f *testing.F) {
	f.Add(12, 2049, "123", "Asha Rao")
	f.Add(0, 49, "12", "")
	f.Add(-1, 20300, "12a", "\x00")
	f.Add(13, -9999, "\xff", strings.Repeat("x", 300))
	f.Fuzz(func(t *testing.T, month, year int, cvc, name string) {
		card := goodCard()
		card.ExpMonth, card.ExpYear, card.CVC, card.HolderName = month, year, cvc, name
		out, _, err := card.Normalize(noon)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.CodeOf(err))
			return
		}
		require.True(t, out.ExpMonth >= 1 && out.ExpMonth <= 12 && out.ExpYear >= noon.Year() && out.ExpYear <= noon.Year()+100)
		require.False(t, expired(out.ExpYear, time.Month(out.ExpMonth), noon))
		require.Regexp(t, `^[0-9]{3,4}$`, out.CVC)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", out, out, out), out.Number)
	})
}
