package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// readyPatience bounds the wait for the workers to elect their leader, which takes a moment.
	readyPatience = 10 * time.Second
	readyInterval = 20 * time.Millisecond
)

// readiness is what GET /health/ready says about each part: ok, or what is the matter.
type readiness struct {
	Status   string `json:"status"`
	Postgres string `json:"postgres"`
	Redis    string `json:"redis"`
	Workers  string `json:"workers"`
}

// awaitReady asks the API, over the network like anybody else, until all of it is ready, or for
// readyPatience. What is not ready by then is in the answer; no answer at all is an error.
func awaitReady(ctx context.Context, apiURL string) (readiness, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readyPatience, errors.New("it did not become ready"))
	defer cancel()
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		state, err := askReady(ctx, client, apiURL)
		if err == nil && state.Status == "ready" {
			return state, nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				err = fmt.Errorf("error asking %s whether it is ready: %w", apiURL, errors.Join(context.Cause(ctx), err))
			}
			return state, err
		case <-ticker.C:
		}
	}
}

func askReady(ctx context.Context, client *http.Client, apiURL string) (state readiness, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, apiURL+"/health/ready", nil)
	if err != nil {
		return state, fmt.Errorf("error making a request: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return state, fmt.Errorf("error sending a request: %w", err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		return state, fmt.Errorf("error reading the answer: %w", err)
	}
	return state, nil
}
