package receiver

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPage(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{APIURL: `http://api.test:8000/"<x>`})
	res, page := bundle.request(t, http.MethodGet, "/", "", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))

	policy := res.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "script-src 'self';")
	require.Contains(t, policy, "style-src 'self';")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.Contains(t, policy, "require-trusted-types-for 'script'")
	require.NotContains(t, policy, "unsafe")

	require.Contains(t, page, "No webhook yet")
	require.Contains(t, page, "curl -X POST http://api.test:8000/&#34;&lt;x&gt;/api/v1/payments")
	require.NotRegexp(t, `(?i)<style|\sstyle=|\son[a-z]+=|<script(?:[^>]*)>[^<]`, page, "the policy forbids what is inline")

	// Every control has a label.
	controls := regexp.MustCompile(`(?s)<(?:input|select)\b`).FindAllStringIndex(page, -1)
	require.NotEmpty(t, controls)
	for _, control := range controls {
		before := page[:control[0]]
		require.Greater(t, strings.LastIndex(before, "<label"), strings.LastIndex(before, "</label>"), page[control[0]:control[0]+60])
	}
}

func TestPageAssets(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	_, page := bundle.request(t, http.MethodGet, "/", "", nil)
	links := regexp.MustCompile(`(?:href|src)="(/_assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		res, body := bundle.request(t, http.MethodGet, link[1], "", nil)
		require.Equal(t, http.StatusOK, res.StatusCode, link[1])
		require.NotEmpty(t, body)
		require.Equal(t, "public, max-age=31536000, immutable", res.Header.Get("Cache-Control"))
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	}

	// What the scripts import is there under the same version, and nothing is fetched
	// from elsewhere or turned into markup.
	folder := links[0][1][:strings.LastIndex(links[0][1], "/")]
	imports := regexp.MustCompile(`from "\./([^"]+)"`)
	entries, err := fs.ReadDir(assetFiles, "assets")
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := fs.ReadFile(assetFiles, "assets/"+entry.Name())
		require.NoError(t, err)
		text := strings.ReplaceAll(string(content), "http://www.w3.org/2000/svg", "")
		require.NotRegexp(t, `https?://|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(`, text, entry.Name())
		for _, imported := range imports.FindAllStringSubmatch(text, -1) {
			res, _ := bundle.request(t, http.MethodGet, folder+"/"+imported[1], "", nil)
			require.Equal(t, http.StatusOK, res.StatusCode, imported[1])
			require.Equal(t, "text/javascript; charset=utf-8", res.Header.Get("Content-Type"))
		}
	}

	res, _ := bundle.request(t, http.MethodGet, folder+"/index.html", "", nil)
	require.Equal(t, http.StatusNotFound, res.StatusCode, "the template is no asset")
}
