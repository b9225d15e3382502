package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// That the suite finds them is for `make chaos/mutations` to show, which takes minutes; here they must not fall behind
// the code that they change.
func TestMutationsFit(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	entries, err := patches.ReadDir("mutations")
	require.NoError(t, err)
	require.Len(t, entries, len(mutants), "each patch has its circumstances, and the other way round")
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			b := &builder{root: root, dir: t.TempDir(), log: &journal{out: io.Discard, began: time.Now()}}
			replaced, err := b.mutation(t.Context(), m.name)
			require.NoError(t, err)
			require.NotEmpty(t, replaced)
			for from, to := range replaced {
				original, err := os.ReadFile(from)
				require.NoError(t, err)
				mutated, err := os.ReadFile(to)
				require.NoError(t, err)
				require.NotEqual(t, string(original), string(mutated))
			}
		})
	}
}
