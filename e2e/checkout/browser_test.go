package checkout_test

import (
	"testing"

	"paygate/e2e/browser"
)

// TestBrowser runs browser/*.mjs in Chromium against a real gateway. PAYGATE_E2E_ONLY in the script's
// environment picks tests by a part of their name (several with |); PAYGATE_E2E_SHOTS is a folder for
// screenshots. Both need -count=1.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a minute of browser; run without -short")
	}
	s := newStack(t)
	browser.Run(t, browser.Options{Script: "browser/run.mjs", FrontEnd: "../../checkout", Env: []string{
		"E2E_CONTROL=" + s.control.URL,
		"E2E_CHECKOUT=" + s.checkout.Listener.Addr().String(), "E2E_SHOP=" + s.shop.Listener.Addr().String(),
		"E2E_ORIGINS=" + checkoutOrigin + " " + shopOrigin + " " + evilOrigin, "E2E_SECRET=" + checkoutSecret,
	}})
}
