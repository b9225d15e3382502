package payments

import "math/bits"

// Fee is what a merchant pays for a captured amount: basis points of it and a fixed part.
type Fee struct {
	// BasisPoints is 0–10000, in hundredths of a percent.
	BasisPoints int64
	// Fixed is in minor units of the payment's currency.
	Fixed int64
}

// On returns the fee on amount, in whole minor units: exact, a half rounded to the even neighbour
// (IEEE 754 roundTiesToEven, as bankers do, so that many fees do not drift), never more than amount.
func (f Fee) On(amount int64) int64 {
	const whole = 10_000
	// amount is at most MaxAmount, so the product fits; the high word proves it rather than hopes.
	high, product := bits.Mul64(uint64(amount), uint64(f.BasisPoints)) //nolint:gosec // both are positive
	if high != 0 {
		panic("fee overflows: the amount is beyond MaxAmount")
	}
	share, rest := product/whole, product%whole
	if rest > whole/2 || rest == whole/2 && share%2 == 1 {
		share++
	}
	return min(int64(share)+f.Fixed, amount) //nolint:gosec // at most MaxAmount
}
