package dashboard

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// dist is the built app; see docs/dashboard.md for how it is made and proved fresh.
//
//go:embed all:dist
var dist embed.FS

// types of what the build makes; the machine's own table may lack some.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".woff2": "font/woff2", ".html": "text/html; charset=utf-8",
}

// newApp serves the built app. Assets have their hash in their name, so browsers keep them; any other
// path is one of the app's own pages.
func newApp(prefix string) (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("error opening the built app: %w", err)
	}
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("error reading the built app: %w", err)
	}
	// Everything in the app is relative to this.
	index = bytes.Replace(index, []byte("<head>"), []byte(`<head><base href="`+html.EscapeString(prefix)+`/">`), 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			noRoute(w, r)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if strings.HasPrefix(name, "assets/") {
			serveAsset(w, r, files, name)
			return
		}
		w.Header().Set("Content-Type", types[".html"])
		_, _ = w.Write(index) // who asked is gone, or has it
	}), nil
}

// serveAsset serves what the build compressed as it is; only for whoever does not read gzip, it is unpacked.
func serveAsset(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	compressed := true
	body, err := fs.ReadFile(files, name+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		compressed = false
		body, err = fs.ReadFile(files, name)
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	if kind := types[path.Ext(name)]; kind != "" {
		header.Set("Content-Type", kind)
	} else {
		header.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	}
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	switch {
	case compressed && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		header.Set("Content-Encoding", "gzip")
	case compressed:
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		_, _ = io.Copy(w, plain) //nolint:gosec // our own embedded file; who asked is gone, or has it
		return
	}
	_, _ = w.Write(body) //nolint:gosec // our own embedded file; who asked is gone, or has it
}
