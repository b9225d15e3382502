package payments_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
)

// exactFee is Fee.On by exact fractions.
func exactFee(f payments.Fee, amount int64) int64 {
	share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(amount), big.NewInt(f.BasisPoints)), big.NewInt(10_000))
	floor := new(big.Int).Quo(share.Num(), share.Denom())
	rest := new(big.Rat).Sub(share, new(big.Rat).SetInt(floor))
	up := rest.Cmp(big.NewRat(1, 2))
	if up > 0 || up == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return min(floor.Int64()+f.Fixed, amount)
}

func TestFee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bps, fixed, amount, want int64 }{
		{200, 0, 50000, 1000},
		{200, 0, 25, 0},        // 0.5 to the even 0
		{200, 0, 75, 2},        // 1.5 to the even 2
		{200, 0, 125, 2},       // 2.5 to the even 2
		{200, 0, 26, 1},        // 0.52
		{0, 300, 200, 200},     // never more than the amount
		{10000, 5, 1000, 1000}, // all of it
		{250, 30, 1_000_000_000_000, 25_000_000_030},
		{10000, payments.MaxAmount, payments.MaxAmount, payments.MaxAmount},
		{0, 0, 1, 0},
	} {
		require.Equal(t, c.want, payments.Fee{BasisPoints: c.bps, Fixed: c.fixed}.On(c.amount), "%+v", c)
	}
	// A half is as often rounded up as down: over all halves nothing drifts.
	var drift int64
	for n := range int64(1000) {
		drift += 2*payments.Fee{BasisPoints: 5000}.On(2*n+1) - (2*n + 1)
	}
	require.Zero(t, drift)
}

func FuzzFee(f *testing.F) {
	f.Add(int64(200), int64(0), int64(50000))
	f.Add(int64(10000), int64(payments.MaxAmount), int64(payments.MaxAmount))
	f.Add(int64(1), int64(0), int64(5000))
	f.Fuzz(func(t *testing.T, bps, fixed, amount int64) {
		fee := payments.Fee{BasisPoints: clamp(bps, 0, 10_000), Fixed: clamp(fixed, 0, payments.MaxAmount)}
		amount = clamp(amount, 1, payments.MaxAmount)
		got := fee.On(amount)
		require.Equal(t, exactFee(fee, amount), got)
		require.True(t, got >= 0 && got <= amount)
	})
}

// clamp folds any number into from…to.
func clamp(n, from, to int64) int64 {
	return from + int64(uint64(n)%uint64(to-from+1))
}

// FuzzDecimal reads every written amount back, digit by digit.
func FuzzDecimal(f *testing.F) {
	f.Add(int64(50000), "INR")
	f.Add(int64(-1005), "KWD")
	f.Add(int64(500), "JPY")
	f.Add(int64(-7), "CLF")
	f.Add(int64(math.MinInt64), "USD")
	f.Fuzz(func(t *testing.T, amount int64, code string) {
		currency, err := payments.ParseCurrency(code)
		if err != nil {
			require.Equal(t, fault.UnknownCurrency, fault.CodeOf(err))
			return
		}
		exponent, known := payments.Exponent(currency)
		require.True(t, known)
		text := payments.Decimal(amount, currency)
		whole, decimals, cut := strings.Cut(text, ".")
		require.Equal(t, exponent > 0, cut)
		require.Len(t, decimals, exponent)
		back, err := strconv.ParseInt(whole+decimals, 10, 64)
		require.NoError(t, err)
		require.Equal(t, amount, back)
		require.False(t, len(strings.TrimPrefix(whole, "-")) > 1 && strings.TrimPrefix(whole, "-")[0] == '0', text)
	})
}

func TestParseCurrency(t *testing.T) {
	t.Parallel()
	for code, exponent := range map[string]int{"inr": 2, "JPY": 0, "kwd": 3, "BHD": 3, "CLF": 4, "UYW": 4, "ISK": 0, "HUF": 2, "XAF": 0, "MGA": 2} {
		currency, err := payments.ParseCurrency(code)
		require.NoError(t, err)
		got, known := payments.Exponent(currency)
		require.True(t, known)
		require.Equal(t, exponent, got, code)
	}
	for _, code := range []string{"", "NOPE", "XAU", "XXX", "XTS", "IN", "INR ", "ınr", "uſd", "123"} {
		_, err := payments.ParseCurrency(code)
		require.Equal(t, fault.UnknownCurrency, fault.CodeOf(err), code)
	}
	for code := range payments.MinorUnits() {
		require.Regexp(t, `^[A-Z]{3}$`, code)
	}
}

// Every currency goes the whole way: captured in part, refunded in parts down to the last minor unit, its
// fee exact, and its movements add up to its balance, written in the currency's own unit.
func TestEveryCurrency(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 2})
	fee := payments.Fee{BasisPoints: 333, Fixed: 7}
	h.merchant = h.newMerchant(t, fee)
	var codes []string
	for code := range payments.MinorUnits() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	captured := atOnce(len(codes), func(i int) int64 {
		s := h.any(i)
		amount := 3 + rand.Int64N(payments.MaxAmount-2)
		if i%3 == 0 {
			amount = 3 + rand.Int64N(500) // where a rounding shows most
		}
		id := h.pay(t, s, payments.CreateParams{Amount: amount, Currency: strings.ToLower(codes[i]), Capture: payments.CaptureManual}).payment(t).ID
		require.NoError(t, s.Process(t.Context(), id))
		took := amount - 1
		h.capture(t, s, id, &took).payment(t)
		require.NoError(t, s.Finish(t.Context(), id))
		for _, part := range []int64{1, (took - 1) / 2} {
			if part > 0 {
				refund := h.refund(t, s, id, &part).refund(t)
				require.Equal(t, codes[i], refund.Currency)
				require.NoError(t, s.ProcessRefund(t.Context(), refund.ID))
			}
		}
		rest := h.refund(t, s, id, nil)
		if rest.code == "" {
			require.NoError(t, s.ProcessRefund(t.Context(), rest.refund(t).ID))
		}
		require.Equal(t, took, h.payment(t, id).AmountRefunded)
		return took
	})

	moved := make(map[string]*big.Rat)
	for transaction, err := range h.services[0].AllBalanceTransactions(t.Context(), h.merchant, payments.BalanceFilter{}) {
		require.NoError(t, err)
		written, ok := new(big.Rat).SetString(payments.Decimal(transaction.Amount, transaction.Currency))
		require.True(t, ok)
		if moved[transaction.Currency] == nil {
			moved[transaction.Currency] = new(big.Rat)
		}
		moved[transaction.Currency].Add(moved[transaction.Currency], written)
	}
	balance, err := h.services[0].Balance(t.Context(), h.merchant)
	require.NoError(t, err)
	require.Len(t, balance.Currencies, len(codes))
	for i, b := range balance.Currencies {
		require.Equal(t, codes[i], b.Currency)
		require.Equal(t, exactFee(fee, captured[i]), b.Fees, b.Currency)
		require.Equal(t, -b.Fees, b.Available, "all was given back but the fee")
		require.Zero(t, b.PendingRefunds)
		require.Zero(t, b.Acquirer)
		written, ok := new(big.Rat).SetString(payments.Decimal(b.Available, b.Currency))
		require.True(t, ok)
		require.Zero(t, written.Cmp(moved[b.Currency]), b.Currency)
	}
	h.work(t)
	h.examine(t)
}
