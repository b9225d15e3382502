package processor

import (
	"cmp"
	"slices"

	"paygate/fault"
)

// Bank is one that netbanking can be asked of.
type Bank struct {
	// Code is the bank's part of its IFSC codes (RBI), which every Indian gateway uses.
	Code string
	Name string
}

var banks = []Bank{
	{"AUBL", "AU Small Finance Bank"},
	{"BARB", "Bank of Baroda"},
	{"BDBL", "Bandhan Bank"},
	{"BKID", "Bank of India"},
	{"CBIN", "Central Bank of India"},
	{"CIUB", "City Union Bank"},
	{"CNRB", "Canara Bank"},
	{"CSBK", "CSB Bank"},
	{"DBSS", "DBS Bank India"},
	{"DCBL", "DCB Bank"},
	{"DLXB", "Dhanlaxmi Bank"},
	{"ESFB", "Equitas Small Finance Bank"},
	{"FDRL", "Federal Bank"},
	{"HDFC", "HDFC Bank"},
	{"HSBC", "HSBC"},
	{"IBKL", "IDBI Bank"},
	{"ICIC", "ICICI Bank"},
	{"IDFB", "IDFC FIRST Bank"},
	{"IDIB", "Indian Bank"},
	{"INDB", "IndusInd Bank"},
	{"IOBA", "Indian Overseas Bank"},
	{"JAKA", "Jammu and Kashmir Bank"},
	{"KARB", "Karnataka Bank"},
	{"KKBK", "Kotak Mahindra Bank"},
	{"KVBL", "Karur Vysya Bank"},
	{"MAHB", "Bank of Maharashtra"},
	{"PSIB", "Punjab & Sind Bank"},
	{"PUNB", "Punjab National Bank"},
	{"RATN", "RBL Bank"},
	{"SBIN", "State Bank of India"},
	{"SCBL", "Standard Chartered Bank"},
	{"SIBL", "South Indian Bank"},
	{"TMBL", "Tamilnad Mercantile Bank"},
	{"UBIN", "Union Bank of India"},
	{"UCBA", "UCO Bank"},
	{"UTIB", "Axis Bank"},
	{"YESB", "Yes Bank"},
}

// Banks lists the banks that a customer can choose, by name.
func Banks() []Bank {
	return slices.SortedFunc(slices.Values(banks), func(a, b Bank) int { return cmp.Compare(a.Name, b.Name) })
}

// ValidateBank checks the code of a bank, or of one of the simulator's (TestInstruments). The error
// is a *fault.Error unknown_bank on param bank.
func ValidateBank(code string) error {
	known := slices.ContainsFunc(banks, func(b Bank) bool { return b.Code == code }) ||
		slices.ContainsFunc(testInstruments, func(t TestInstrument) bool { return t.Method == MethodNetbanking && t.Value == code })
	if !known {
		return fault.On(fault.UnknownBank, "bank", "bank must be the four capital letters of a known bank, such as HDFC, ICIC or SBIN.")
	}
	return nil
}
