package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeldWriter(t *testing.T) {
	t.Parallel()

	var out strings.Builder
	w := newHeldWriter(&out)
	_, err := io.WriteString(w, "early\n")
	require.NoError(t, err)
	require.Empty(t, out.String())
	require.NoError(t, w.release("hello\n"))
	_, err = io.WriteString(w, "late\n")
	require.NoError(t, err)
	require.Equal(t, "hello\nearly\nlate\n", out.String())

	require.Equal(t, ^uintptr(0), w.Fd(), "not a file")
	require.Equal(t, os.Stderr.Fd(), newHeldWriter(os.Stderr).Fd())
}
