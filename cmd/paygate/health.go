package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthCommand lets a container probe itself without a shell or curl in its image.
type healthCommand struct {
	URL     webURL        `name:"url" env:"PAYGATE_HEALTH_URL" default:"http://127.0.0.1:9090/health" group:"Servers" help:"What paygate health asks: a role's admin server, or http://127.0.0.1:8000/health/ready for all that the API needs."`
	Timeout time.Duration `name:"timeout" default:"3s" min:"100ms" max:"1m" help:"How long it waits for the answer."`
}

// maxHealthBody is how much of an answer is shown, in bytes.
const maxHealthBody = 1 << 10

func (c *healthCommand) run(ctx context.Context, out streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, string(c.URL), nil)
	if err != nil {
		return fmt.Errorf("error making a request: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it asks its neighbour
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("error asking %s: %w", c.URL, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealthBody))
	if err != nil {
		return fmt.Errorf("error reading the answer of %s: %w", c.URL, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", c.URL, response.Status, body)
	}
	return say(out.out, "%s\n", body)
}
