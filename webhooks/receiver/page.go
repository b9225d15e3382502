package receiver

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// contentPolicy allows the page its own files and routes, nothing inline and nothing
// from elsewhere. Trusted types make the browser itself refuse to turn a webhook's
// text into markup.
var contentPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self'",
	"connect-src 'self'",
	"form-action 'none'",
	"base-uri 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
}, "; ")

// assetTypes is written out because the mime package asks the machine, and machines
// differ.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// page is the page and its files, rendered once: all that changes comes as JSON.
type page struct {
	html    []byte
	version string
	assets  map[string][]byte
}

// newPage panics on what only a broken build can bring about.
func newPage(apiURL string) *page {
	p := &page{assets: map[string][]byte{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(fmt.Sprintf("receiver: embedded files are missing: %s", err))
	}
	sum := sha256.New()
	for _, entry := range entries { // sorted by name
		content, err := fs.ReadFile(assetFiles, "assets/"+entry.Name())
		if err != nil {
			panic(fmt.Sprintf("receiver: embedded file is missing: %s", err))
		}
		fmt.Fprintf(sum, "%s %d\n%s", entry.Name(), len(content), content)
		if _, ok := assetTypes[path.Ext(entry.Name())]; ok {
			p.assets[entry.Name()] = content
		}
	}
	// One hash over all of them, as a folder: the scripts import each other by
	// relative names, which a hash in every name would have to rewrite.
	p.version = hex.EncodeToString(sum.Sum(nil)[:8])

	var html bytes.Buffer
	parsed := template.Must(template.ParseFS(assetFiles, "assets/index.html"))
	if err := parsed.Execute(&html, struct{ Assets, APIURL string }{
		"/_assets/" + p.version, strings.TrimSuffix(apiURL, "/"),
	}); err != nil {
		panic(fmt.Sprintf("receiver: page does not render: %s", err))
	}
	p.html = html.Bytes()
	return p
}

func (p *page) serve(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	write(w, http.StatusOK, p.html)
}

// serveAsset answers for the version that the page names alone: those may be kept for
// ever, and a new binary never runs with an old script.
func (p *page) serveAsset(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("name")
	content, ok := p.assets[name]
	if !ok || req.PathValue("version") != p.version {
		http.NotFound(w, req)
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Content-Type", assetTypes[path.Ext(name)])
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(content) // who hung up gets none
}
