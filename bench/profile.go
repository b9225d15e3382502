package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// longestProfile is what the server's own bound on an answer allows.
const longestProfile = 25 * time.Second

// profile takes a profile of a role's processor time while something else is measured, when profiles
// are wanted. What it returns waits for it.
func (o options) profile(ctx context.Context, admin, name string, length time.Duration) func() error {
	if o.profiles == "" {
		return func() error { return nil }
	}
	length = min(length, longestProfile)
	done := make(chan error, 1)
	go func() {
		done <- saveProfile(ctx, "http://"+admin+"/debug/pprof/profile?seconds="+strconv.Itoa(int(length.Seconds())), filepath.Join(o.profiles, name+".pprof"))
	}()
	return func() error { return <-done }
}

func saveProfile(ctx context.Context, url, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("error asking for a profile: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("error asking for a profile: %w", err)
	}
	defer response.Body.Close()
	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("error saving a profile: %w", err)
	}
	if _, err := io.Copy(file, response.Body); err != nil {
		_ = file.Close() // the copy's error says it
		return fmt.Errorf("error saving a profile: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("error saving a profile: %w", err)
	}
	return nil
}
