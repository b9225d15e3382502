package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/receiver"
)

// client leaves no connection behind: a server that is asked to stop should wait for requests alone.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}

// request sends one, with a JSON body unless that is nil, and decodes the answer into into unless that is nil.
func request(t *testing.T, method, url string, body, into any) int {
	t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, content)
	require.NoError(t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	if into != nil {
		require.NoError(t, json.Unmarshal(answer, into), "%s %s: %d %s", method, url, res.StatusCode, answer)
	}
	return res.StatusCode
}

// resource is what these tests look at in any of the API's resources.
type resource struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Status    string `json:"status"`
	EventType string `json:"event_type"`
	Amount    int64  `json:"amount"`
	PaymentID string `json:"payment_id"`
	Code      string `json:"code"`
}

type list struct {
	Data []resource `json:"data"`
}

// payment makes one of 50000 INR.
func payment(t *testing.T, api string) resource {
	t.Helper()
	var made resource
	status := request(t, http.MethodPost, api+"/api/v1/payments", map[string]any{"amount": 50000, "currency": "INR"}, &made)
	require.Equal(t, http.StatusCreated, status, made)
	return made
}

// awaitStatus waits until a resource, given by its path under the base, has the status.
func awaitStatus(t *testing.T, api, path, status string) {
	t.Helper()
	wait(t, path+" is "+status, func() (bool, error) {
		var got resource
		require.Equal(t, http.StatusOK, request(t, http.MethodGet, api+"/api/v1/"+path, nil, &got))
		return got.Status == status, nil
	})
}

// received is what the webhook test server has got, newest first.
func received(t *testing.T, receiverURL string) []receiver.Webhook {
	t.Helper()
	var got struct {
		Data []receiver.Webhook `json:"data"`
	}
	require.Equal(t, http.StatusOK, request(t, http.MethodGet, receiverURL+"/_events", nil, &got))
	return got.Data
}

// awaitWebhooks waits until each of the types has come, and expects every signature to hold.
func awaitWebhooks(t *testing.T, receiverURL string, types ...string) []receiver.Webhook {
	t.Helper()
	var webhooks []receiver.Webhook
	wait(t, strings.Join(types, ", ")+" are received", func() (bool, error) {
		webhooks = received(t, receiverURL)
		seen := make(map[string]bool)
		for _, webhook := range webhooks {
			seen[webhook.EventType] = true
		}
		for _, wanted := range types {
			if !seen[wanted] {
				return false, nil
			}
		}
		return true, nil
	})
	for _, webhook := range webhooks {
		require.Equal(t, receiver.StatusOK, webhook.Signature.Status, webhook.Signature.Summary)
	}
	return webhooks
}
