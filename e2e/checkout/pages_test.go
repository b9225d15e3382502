package checkout_test

import (
	_ "embed"
	"net/http"
)

// seedSnippet is the snippet of the documents this project began with, word for word.
//
//go:embed testdata/seed.html
var seedSnippet []byte

// A shop that allows the gateway what the documents say that it needs, and nothing else.
const (
	strictPolicy = "default-src 'none'; script-src " + checkoutOrigin + " 'nonce-n'; frame-src " + checkoutOrigin + "; require-trusted-types-for 'script'; trusted-types 'none'"
	strictPage   = `<!doctype html><html lang="en"><title>Strict</title><body><script src="` + checkoutOrigin + `/checkout.js"></script>
<script nonce="n">new PaymentGateway({key: '` + demoKey + `', orderId: '` + demoOrder + `'}).open()</script>`
)

// pages is the shop's site: the demo shop, the snippet on a plain page, and an empty page for what a
// test writes itself. The same pages stand on an origin that nobody registered.
func pages(demo http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", demo)
	html := func(path string, content []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(content)
		})
	}
	html("/seed", seedSnippet)
	html("/blank", []byte("<!doctype html><html lang=en><title>A shop</title><main><h1>A shop</h1><button id=buy>Buy</button><div id=box></div></main>"))
	mux.HandleFunc("GET /strict", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strictPolicy)
		_, _ = w.Write([]byte(strictPage))
	})
	return mux
}
