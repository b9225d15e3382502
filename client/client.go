// Package client talks to a Paygate gateway: typed calls made from its contract, POSTs that are safe to repeat and are
// repeated, lists that read like sequences, and webhooks that are verified before they are decoded.
//
// Everything that the gateway refuses is an [*Error]. Calls without a method here are in [Client.API], with the same
// retries, credentials and errors.
package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"paygate/client/api"
)

// Options of a client; the zero value is fine.
type Options struct {
	// HTTP sends single requests; a client with a timeout of 30 seconds when nil.
	HTTP *http.Client
	// Attempts is how often a request is sent at most; 4 when zero, 1 for no retries.
	Attempts int
	// Pause is how long the first retry waits when the gateway does not say; 200 ms when zero. It doubles each time.
	Pause time.Duration
}

// Client is for one merchant at one gateway. It may be used by many goroutines at once.
type Client struct {
	// API has every route of the contract.
	API *api.ClientWithResponses
}

// New returns a client of the gateway at a base URL, as "https://pay.example" without a path, for the merchant of
// a secret key. The secret belongs on a server.
func New(baseURL, secret string, options Options) (*Client, error) {
	if options.HTTP == nil {
		options.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	if options.Attempts == 0 {
		options.Attempts = 4
	}
	if options.Pause == 0 {
		options.Pause = 200 * time.Millisecond
	}
	routes, err := api.NewClientWithResponses(baseURL,
		api.WithHTTPClient(&retrying{options}),
		api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+secret)
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("error reading the base URL: %w", err)
	}
	return &Client{API: routes}, nil
}

// keyOf is the key of a call: the caller's, or a new one, which lets the attempts of this one call count once. Only a
// key that the caller keeps lets a call count once that is made again after a crash.
func keyOf(key string) *string {
	if key == "" {
		key = rand.Text()
	}
	return &key
}
