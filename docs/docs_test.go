package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/docs"
)

func TestIndex(t *testing.T) {
	t.Parallel()

	all, err := docs.All()
	require.NoError(t, err)
	listed := map[string]bool{"README": true}
	for _, document := range all {
		require.False(t, listed[document.Slug], "%s is listed twice", document.Slug)
		listed[document.Slug] = true
		text, err := docs.Read(document.Slug)
		require.NoError(t, err)
		require.Contains(t, text, "# "+document.Title+"\n", "%s.md has the title that the index gives it", document.Slug)
		require.NotEmpty(t, document.Section)
	}
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, listed[strings.TrimSuffix(file, ".md")], "docs/README.md has no line for docs/%s: - [Title](%s): what is in it.", file, file)
	}
	require.Len(t, listed, len(files))
}

func TestReadRefusesOtherFiles(t *testing.T) {
	t.Parallel()

	for _, slug := range []string{"", "absent", "../README", "decisions/0001-one-transaction-for-many-requests", "docs.go", "/etc/hosts"} {
		_, err := docs.Read(slug)
		require.ErrorIs(t, err, fs.ErrNotExist, slug)
	}
}

// documents are all that tell readers something, by their path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../*.md", "*.md", "decisions/*.md"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all[filepath.Clean(filepath.Join("docs", file))] = string(text)
		}
	}
	require.NotEmpty(t, all)
	return all
}

var (
	fence   = regexp.MustCompile("(?ms)^ {0,3}```.*?^ {0,3}```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names that GitHub gives the headings of a document.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		all[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return all
}

// TestLinks follows every link that stays in this repository.
func TestLinks(t *testing.T) {
	t.Parallel()

	all := documents(t)
	for path, text := range all {
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(match[1], ":") {
				continue // elsewhere
			}
			leads := path
			if target != "" {
				leads = filepath.Join(filepath.Dir(path), target)
				_, err := os.Stat(filepath.Join("..", leads))
				require.NoError(t, err, "%s links to %s", path, target)
			}
			if anchor != "" {
				require.True(t, anchors(all[leads])[anchor], "%s links to %s, which has no such heading", path, match[1])
			}
		}
	}
}
