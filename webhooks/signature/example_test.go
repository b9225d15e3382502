package signature_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"paygate/webhooks/signature"
)

// A receiver: read the body, verify it, and only then look inside.
func ExampleVerifier() {
	// As it was shown when the endpoint was created; from the environment, in earnest.
	secret, err := signature.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier := &signature.Verifier{Secrets: []signature.Secret{secret}}

	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if err := verifier.Verify(r.Header, body); err != nil {
			fmt.Println("refused:", err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		// Deliveries are made at least once: skip an id that was handled before.
		fmt.Println("handling", r.Header.Get(signature.HeaderID))
		w.WriteHeader(http.StatusNoContent)
	})

	const body = `{"id":"evt_1","type":"payment.success"}`
	delivery := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/webhooks", strings.NewReader(body))
	if err := signature.Sign(delivery.Header, "evt_1", time.Now(), []byte(body), secret); err != nil {
		fmt.Println(err)
		return
	}
	receiver.ServeHTTP(httptest.NewRecorder(), delivery)

	forged := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/webhooks", strings.NewReader(`{"type":"payment.success"}`))
	forged.Header = delivery.Header
	receiver.ServeHTTP(httptest.NewRecorder(), forged)
	// Output:
	// handling evt_1
	// refused: no signature matches
}

// While a secret is being rotated, deliveries carry a signature for the old and for
// the new one, so a receiver may change over at any moment of the overlap.
func ExampleSign_rotation() {
	older, newer := signature.GenerateSecret(), signature.GenerateSecret()
	header := http.Header{}
	body := []byte(`{"type":"payment.success"}`)
	if err := signature.Sign(header, "evt_1", time.Now(), body, newer, older); err != nil {
		fmt.Println(err)
		return
	}

	for _, secret := range []signature.Secret{older, newer} {
		verifier := signature.Verifier{Secrets: []signature.Secret{secret}}
		fmt.Println(verifier.Verify(header, body))
	}
	// Output:
	// <nil>
	// <nil>
}

// Each failure says which check it was.
func ExampleVerifier_Verify_failures() {
	verifier := signature.Verifier{
		Secrets: []signature.Secret{signature.GenerateSecret()},
		Now:     func() time.Time { return time.Unix(1700000000, 0) },
	}
	header := http.Header{}
	var missing *signature.MissingHeaderError
	if err := verifier.Verify(header, nil); errors.As(err, &missing) {
		fmt.Println("missing:", missing.Header)
	}
	header.Set(signature.HeaderID, "evt_1")
	header.Set(signature.HeaderTimestamp, "1699990000")
	header.Set(signature.HeaderSignature, "v1,AAAA")
	if err := verifier.Verify(header, nil); errors.Is(err, signature.ErrTooOld) {
		fmt.Println(err)
	}
	// Output:
	// missing: webhook-id
	// the timestamp is too old: 2h46m40s old, where 5m0s are allowed
}

// A receiver that knows only the body's signature, with any text as its secret.
func ExampleVerifyBody() {
	body := []byte(`{"amount":50000}`)
	fmt.Println(signature.VerifyBody("whsec_test_abc123", signature.SignBody("whsec_test_abc123", body), body))
	// Output: <nil>
}
