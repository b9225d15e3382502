package processor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
)

func TestValidateVPA(t *testing.T) {
	t.Parallel()

	for _, vpa := range []string{"user@paytm", "9876543210@ybl", "first.last-1_x@okhdfcbank", "ab@ab", strings.Repeat("a", 256) + "@upi"} {
		require.NoError(t, ValidateVPA(vpa), vpa)
	}
	for _, vpa := range []string{
		"", "@", "user", "user@", "@upi", "a@upi", "user@mail.com", "user@@upi", "us er@upi", "user@1pi", "user@u",
		" user@upi", "user@upi\n", "user@upi\x00", "üser@upi", strings.Repeat("a", 257) + "@upi", "user@" + strings.Repeat("a", 65),
	} {
		requireFault(t, ValidateVPA(vpa), fault.InvalidVPA, "vpa")
	}
}

func TestValidateBank(t *testing.T) {
	t.Parallel()

	require.NotEmpty(t, Banks())
	for _, bank := range Banks() {
		require.NoError(t, ValidateBank(bank.Code))
		require.Len(t, bank.Code, 4)
	}
	require.NoError(t, ValidateBank("SUCCESS"))
	for _, code := range []string{"", "hdfc", "HDFC ", "XXXX", "success@upi"} {
		requireFault(t, ValidateBank(code), fault.UnknownBank, "bank")
	}
}

func FuzzValidateVPA(f *testing.F) {
	for _, seed := range []string{"user@paytm", "user@mail.com", "@", "a@b@c", "user@upi\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, vpa string) {
		if ValidateVPA(vpa) != nil {
			return
		}
		name, provider, found := strings.Cut(vpa, "@")
		require.True(t, found)
		require.NotEmpty(t, name)
		require.NotContains(t, provider, "@")
		require.NotContains(t, provider, ".")
		for _, r := range vpa {
			require.True(t, r > ' ' && r < 0x7f)
		}
		require.NotPanics(t, func() { outcomeOf(MethodUPI, vpa) })
	})
}
