package checkout

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// dist is the committed build of sdk and page; `npm --prefix checkout run build` makes it.
//
//go:embed all:dist
var dist embed.FS

// manifest is what the build tells about itself.
type manifest struct {
	// Version is the SDK's.
	Version string `json:"version"`
	// Files are the names of the page's files, which carry a hash of their content.
	Files struct {
		PageJS    string `json:"page_js"`
		PageCSS   string `json:"page_css"`
		ActionCSS string `json:"action_css"`
		ErrorJS   string `json:"error_js"`
	} `json:"files"`
	// SDK is the versioned, immutable names of the script and the module.
	SDK struct {
		Script          string `json:"script"`
		ScriptIntegrity string `json:"script_integrity"`
		Module          string `json:"module"`
		ModuleIntegrity string `json:"module_integrity"`
	} `json:"sdk"`
}

// assets are the files to serve, by path.
type assets struct {
	manifest manifest
	byPath   map[string]*asset
}

// asset is one file, compressed once.
type asset struct {
	contentType string
	plain       []byte
	compressed  []byte // nil where it does not pay
	etag        string
	immutable   bool
	// shared files may be read by pages of any origin; with CORS, so that SRI can be checked.
	shared bool
}

// Caching: what carries a hash in its name never changes; checkout.js is looked after again every five
// minutes, and served stale meanwhile, so that no shop waits for us.
const (
	cacheImmutable = "public, max-age=31536000, immutable"
	cacheStable    = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
)

// loadAssets panics on what only a broken build can bring about.
func loadAssets() *assets {
	a := &assets{byPath: map[string]*asset{}}
	text, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		panic(fmt.Sprintf("checkout: the build is missing: %s", err))
	}
	if err := json.Unmarshal(text, &a.manifest); err != nil {
		panic(fmt.Sprintf("checkout: the build's manifest is broken: %s", err))
	}
	for dir, at := range map[string]string{"dist/page": "/assets/", "dist/sdk": "/", "dist/released": "/"} {
		entries, err := fs.ReadDir(dist, dir)
		if err != nil {
			continue // nothing was released yet
		}
		for _, entry := range entries {
			content, err := fs.ReadFile(dist, dir+"/"+entry.Name())
			if err != nil {
				panic(fmt.Sprintf("checkout: embedded file is missing: %s", err))
			}
			a.byPath[at+entry.Name()] = newAsset(entry.Name(), content, dir != "dist/page")
		}
	}
	return a
}

func newAsset(name string, content []byte, shared bool) *asset {
	sum := sha256.Sum256(content)
	contentType := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // written out because the mime package asks the machine, and machines differ
	case ".js", ".mjs":
		contentType = "text/javascript; charset=utf-8"
	case ".css":
		contentType = "text/css; charset=utf-8"
	case ".ts":
		contentType = "text/plain; charset=utf-8"
	case ".svg":
		contentType = "image/svg+xml"
	}
	a := &asset{
		contentType: contentType, plain: content, etag: `"` + hex.EncodeToString(sum[:12]) + `"`,
		immutable: !shared || strings.Contains(name, ".v"), shared: shared,
	}
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // fails only for a level that there is not
	_, _ = writer.Write(content)                                    // a buffer takes everything
	_ = writer.Close()
	if packed.Len() < len(content) {
		a.compressed = packed.Bytes()
	}
	return a
}

func (a *asset) serve(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("ETag", a.etag)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", cacheStable)
	if a.immutable {
		header.Set("Cache-Control", cacheImmutable)
	}
	if a.shared {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Timing-Allow-Origin", "*")
	}
	if strings.Contains(c.GetHeader("If-None-Match"), a.etag) {
		c.Status(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.compressed != nil && acceptsGzip(c.GetHeader("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		body = a.compressed
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.Status(http.StatusOK)
	if c.Request.Method != http.MethodHead {
		_, _ = c.Writer.Write(body) // who hung up gets none
	}
}

// acceptsGzip reads what browsers send; `gzip;q=0` is the one way to say no (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(quality), "q="), "0.") != "" || quality == ""
		}
	}
	return false
}
