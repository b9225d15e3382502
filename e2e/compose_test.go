//go:build compose

package e2e

import "testing"

// TestSeedOnCompose tells the seed's story to what docker-compose.yml has started; deploy/compose/test.sh runs it.
func TestSeedOnCompose(t *testing.T) {
	readSeed(t).tell(t, place{"http://localhost:8000", "http://localhost:4000"})
}
