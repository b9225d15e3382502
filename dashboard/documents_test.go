package dashboard_test

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	viewer := b.person(t, b.merchant, "viewer", false)

	var list struct {
		Data []struct {
			Slug, Section, Title, Summary string
		}
	}
	answer := b.do(t, viewer, http.MethodGet, "/data/docs", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&list))
	require.NotEmpty(t, list.Data)
	for _, listed := range list.Data {
		var document struct{ Slug, Markdown string }
		answer := b.do(t, viewer, http.MethodGet, "/data/docs/"+listed.Slug, "")
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&document))
		file, err := os.ReadFile("../docs/" + listed.Slug + ".md")
		require.NoError(t, err)
		require.Equal(t, string(file), document.Markdown)
	}

	require.Equal(t, http.StatusNotFound, b.status(t, viewer, http.MethodGet, "/data/docs/absent", ""))
	require.Equal(t, http.StatusNotFound, b.status(t, viewer, http.MethodGet, "/data/docs/..%2Fdocs.go", ""))
	require.Equal(t, http.StatusUnauthorized, b.status(t, nil, http.MethodGet, "/data/docs/webhooks", ""))
}
