package dashboard_test

import (
	"testing"

	"paygate/e2e/browser"
)

// TestBrowser runs browser/*.mjs in Chromium against the real binary. PAYGATE_E2E_ONLY in the script's
// environment picks cases by a part of their name (several with |), with -count=1. Screenshots of every page go
// to test-results/dashboard of the repository.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("two minutes of browser; run without -short")
	}
	s := newStack(t)
	browser.Run(t, browser.Options{Script: "browser/run.mjs", FrontEnd: "../../dashboard", Env: []string{
		"E2E_DASHBOARD=" + s.dashboard, "E2E_API=" + s.api, "E2E_RECEIVER=" + s.receiver, "E2E_CHECKOUT=" + s.checkout,
		"E2E_HOSTILE=" + s.hostile.URL, "E2E_PROXY=" + s.proxy.Listener.Addr().String(),
		"E2E_PASSWORD=" + s.password, "E2E_VIEWER_PASSWORD=" + s.viewerPassword, "E2E_SHOTS=../../test-results/dashboard",
	}})
}
