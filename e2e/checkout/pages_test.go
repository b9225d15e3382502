package checkout_test

import (
	_ "embed"
	"net/http"
)

// seedSnippet is the snippet of the documents this project began with, word for word.
//
//go:embed testdata/seed.html
var seedSnippet []byte

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
	return mux
}
