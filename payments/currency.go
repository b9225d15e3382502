package payments

import (
	"strings"

	"paygate/fault"
)

// MaxAmount is the largest amount of one order, payment or refund, in minor units. It leaves
// room for nine million of the largest in a 64-bit sum, and is exact in every JSON reader.
const MaxAmount = 1_000_000_000_000

// minorUnits is ISO 4217's list one (publication of 2024-06-25, and XCG of amendment 176):
// the codes by the number of decimals of their minor unit. Codes without one (gold, test
// codes and the like) cannot be priced and are left out.
var minorUnits = map[int]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
		CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
		GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
		LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN
		PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
		TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
}

var exponents = func() map[string]int {
	table := make(map[string]int)
	for exponent, codes := range minorUnits {
		for code := range strings.FieldsSeq(codes) {
			table[code] = exponent
		}
	}
	return table
}()

// ParseCurrency returns the upper-case ISO 4217 code, or unknown_currency.
func ParseCurrency(code string) (string, error) {
	upper := strings.ToUpper(code)
	// Some letters of more than one byte have a capital of one: "ınr" is no INR.
	if _, known := exponents[upper]; !known || len(code) != len(upper) {
		return "", fault.On(fault.UnknownCurrency, "currency",
			"currency must be an ISO 4217 code such as INR, USD or JPY.")
	}
	return upper, nil
}

// Exponent is the number of decimals of a currency's minor unit: 2 for INR, 0 for JPY, 3 for KWD.
// It is false for a code that ParseCurrency refuses.
func Exponent(currency string) (int, bool) {
	exponent, known := exponents[currency]
	return exponent, known
}

// CheckAmount returns invalid_amount for what is not 1 to MaxAmount.
func CheckAmount(amount int64) error {
	if amount < 1 || amount > MaxAmount {
		return fault.On(fault.InvalidAmount, "amount",
			"amount must be a whole number of the currency's minor unit (50000 is 500.00 INR) from 1 to %d.", int64(MaxAmount))
	}
	return nil
}
