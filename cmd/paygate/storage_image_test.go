//go:build image

package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// In the image dev starts no store of its own, and says what it needs.
func TestImageStartsNoStorage(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		env   map[string]string
		wants string
	}{
		"Nothing": {nil, "set DATABASE_URL and REDIS_URL"},
		"One":     {map[string]string{"DATABASE_URL": "postgres://db/paygate"}, "set DATABASE_URL and REDIS_URL"},
		"Both":    {map[string]string{"DATABASE_URL": "postgres://db/paygate", "REDIS_URL": "redis://cache:6379/0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			selected, err := parse([]string{"dev"}, lookupIn(tt.env), nil)
			require.NoError(t, err)
			err = new(process).startStorage(t.Context(), selected.(*devCommand), slog.New(slog.DiscardHandler))
			if tt.wants == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wants)
		})
	}
}
