// Package goreleaser holds .goreleaser.yaml to what the pinned goreleaser reads, and pins goreleaser itself. `goreleaser
// check` would do the same and needs all of goreleaser compiled, which takes minutes; its package for the file takes seconds.
package goreleaser

import (
	"strings"
	"testing"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/stretchr/testify/require"
)

func TestConfiguration(t *testing.T) {
	t.Parallel()

	project, err := config.Load("../../.goreleaser.yaml") // refuses what it does not know
	require.NoError(t, err)
	require.Equal(t, "paygate", project.ProjectName)

	require.Len(t, project.Builds, 1)
	build := project.Builds[0]
	require.Equal(t, []string{"linux", "darwin"}, build.Goos)
	require.Equal(t, []string{"amd64", "arm64"}, build.Goarch)
	require.Equal(t, []string{"CGO_ENABLED=0"}, build.Env)
	require.Len(t, build.Ldflags, 1)
	for _, stamped := range []string{"main.version=", "main.commit="} {
		require.Contains(t, build.Ldflags[0], stamped)
	}
	require.Len(t, project.SBOMs, 1)
	require.Contains(t, project.SBOMs[0].Args, "$document")
	require.Equal(t, "sha256", project.Checksum.Algorithm)
	require.True(t, project.Release.Draft, "a person publishes")
}

// TestUnknownField proves that the loading refuses what is misspelt.
func TestUnknownField(t *testing.T) {
	t.Parallel()

	_, err := config.LoadReader(strings.NewReader("version: 2\nbuild: []\n"))
	require.ErrorContains(t, err, "build")
}
