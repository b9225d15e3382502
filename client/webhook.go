package client

import (
	"encoding/json"
	"fmt"
	"net/http"

	"paygate/client/api"
	"paygate/webhooks/signature"
)

// Webhooks verifies deliveries with the secrets of an endpoint.
type Webhooks struct{ verifier signature.Verifier }

// NewWebhooks takes the secrets of an endpoint as the gateway shows them, "whsec_…": one, or the old and the new one
// while it is changed.
func NewWebhooks(secrets ...string) (*Webhooks, error) {
	w := &Webhooks{}
	for _, text := range secrets {
		secret, err := signature.ParseSecret(text)
		if err != nil {
			return nil, fmt.Errorf("error reading a webhook secret: %w", err)
		}
		w.verifier.Secrets = append(w.verifier.Secrets, secret)
	}
	return w, nil
}

// Verify returns the event in the body of a delivery, when a holder of a secret signed exactly these bytes within the
// last five minutes. Answer 2xx soon, and remember the event's ID: deliveries are made at least once.
func (w *Webhooks) Verify(header http.Header, body []byte) (*api.EventBody, error) {
	if err := w.verifier.Verify(header, body); err != nil {
		return nil, fmt.Errorf("error verifying a webhook: %w", err)
	}
	event := &api.EventBody{}
	if err := json.Unmarshal(body, event); err != nil {
		return nil, fmt.Errorf("error decoding a webhook: %w", err)
	}
	return event, nil
}
