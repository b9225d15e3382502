package processor

import "slices"

// Brand is the scheme that a card belongs to.
type Brand string

// The brands that numbers are recognised for. A card of BrandUnknown is as good as any other.
const (
	BrandVisa       Brand = "visa"
	BrandMastercard Brand = "mastercard"
	BrandAmex       Brand = "amex"
	BrandRuPay      Brand = "rupay"
	BrandDiscover   Brand = "discover"
	BrandDiners     Brand = "diners"
	BrandJCB        Brand = "jcb"
	BrandUnionPay   Brand = "unionpay"
	BrandMaestro    Brand = "maestro"
	BrandUnknown    Brand = "unknown"
)

// brandSpec is a range of leading digits and what holds for the numbers in it.
type brandSpec struct {
	brand Brand
	// low and high have six digits: the first six of a number lie between them, both included.
	low, high string
	lengths   []int
	cvcLength int
}

// brandSpecs is searched from the top, so a narrow range stands above the wide one that it is cut
// out of: RuPay's out of Discover's 65, Discover's out of UnionPay's 62. Only RuPay's own series are
// listed; those that it shares with JCB (353, 356) and Discover run on those networks abroad.
// The ranges are those that the schemes publish; issuers' lists move too fast to keep here.
var brandSpecs = []brandSpec{
	{BrandVisa, "400000", "499999", []int{13, 16, 19}, 3},
	{BrandMastercard, "510000", "559999", []int{16}, 3},
	{BrandMastercard, "222100", "272099", []int{16}, 3},
	{BrandAmex, "340000", "349999", []int{15}, 4},
	{BrandAmex, "370000", "379999", []int{15}, 4},

	{BrandRuPay, "508500", "508999", []int{16}, 3},
	{BrandRuPay, "606985", "607984", []int{16}, 3},
	{BrandRuPay, "608001", "608500", []int{16}, 3},
	{BrandRuPay, "652150", "653149", []int{16}, 3},
	{BrandRuPay, "817200", "820199", []int{16}, 3},

	{BrandDiscover, "601100", "601199", []int{16, 17, 18, 19}, 3},
	{BrandDiscover, "622126", "622925", []int{16, 17, 18, 19}, 3},
	{BrandDiscover, "644000", "659999", []int{16, 17, 18, 19}, 3},
	{BrandUnionPay, "620000", "629999", []int{16, 17, 18, 19}, 3},

	{BrandDiners, "300000", "305999", []int{14, 16, 17, 18, 19}, 3},
	{BrandDiners, "309500", "309599", []int{14, 16, 17, 18, 19}, 3},
	{BrandDiners, "360000", "369999", []int{14, 15, 16, 17, 18, 19}, 3},
	{BrandDiners, "380000", "399999", []int{14, 16, 17, 18, 19}, 3},
	{BrandJCB, "352800", "358999", []int{16, 17, 18, 19}, 3},

	{BrandMaestro, "501800", "501899", []int{13, 14, 15, 16, 17, 18, 19}, 3},
	{BrandMaestro, "502000", "502099", []int{13, 14, 15, 16, 17, 18, 19}, 3},
	{BrandMaestro, "503800", "503899", []int{13, 14, 15, 16, 17, 18, 19}, 3},
	{BrandMaestro, "589300", "589399", []int{13, 14, 15, 16, 17, 18, 19}, 3},
	{BrandMaestro, "630400", "630499", []int{13, 14, 15, 16, 17, 18, 19}, 3},
	{BrandMaestro, "675900", "676399", []int{13, 14, 15, 16, 17, 18, 19}, 3},
}

// brandOf finds the scheme of a number of at least six digits.
func brandOf(digits string) brandSpec {
	for _, spec := range brandSpecs {
		if head := digits[:6]; spec.low <= head && head <= spec.high {
			return spec
		}
	}
	return brandSpec{brand: BrandUnknown, cvcLength: 3}
}

// hasLength is true for any length of an unknown brand, since cardDigits bounds it already.
func (s brandSpec) hasLength(n int) bool {
	return s.lengths == nil || slices.Contains(s.lengths, n)
}
