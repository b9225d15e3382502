// Package shop is the demo shop: a product, a button, and a server that checks what the browser says. It
// runs on an origin of its own, as real shops do.
package shop

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

//go:embed assets
var assets embed.FS

// Options of the shop; all are required.
type Options struct {
	// CheckoutURL is the gateway's checkout, without a path: http://localhost:3001.
	CheckoutURL string
	// Key is the shop's publishable key, OrderID what the button pays.
	Key, OrderID string
	// Secret is the merchant's checkout secret, which checks signatures.
	Secret string
}

// maxReport bounds what a browser may report, in bytes.
const maxReport = 4 << 10

// New returns the shop.
func New(opts Options) http.Handler {
	index := render(opts)
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' " + opts.CheckoutURL,
		"frame-src " + opts.CheckoutURL,
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, "; ")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(index) // who hung up gets none
	})
	for name, contentType := range map[string]string{"shop.js": "text/javascript; charset=utf-8", "shop.css": "text/css; charset=utf-8", "mug.svg": "image/svg+xml"} {
		content, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic(fmt.Sprintf("shop: embedded file is missing: %s", err))
		}
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, _ = w.Write(content)
		})
	}
	mux.HandleFunc("POST /confirm", func(w http.ResponseWriter, r *http.Request) { confirm(w, r, opts.Secret) })
	return mux
}

func render(opts Options) []byte {
	var html bytes.Buffer
	if err := template.Must(template.ParseFS(assets, "assets/index.html")).Execute(&html, opts); err != nil {
		panic(fmt.Sprintf("shop: page does not render: %s", err))
	}
	return html.Bytes()
}

// confirm is what every shop's server does before it ships anything: it checks the signature.
func confirm(w http.ResponseWriter, r *http.Request, secret string) {
	var report struct {
		PaymentID string `json:"paymentId"` //nolint:tagliatelle // as checkout.js reports it
		OrderID   string `json:"orderId"`   //nolint:tagliatelle // as checkout.js reports it
		Signature string `json:"signature"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReport)).Decode(&report); err != nil {
		http.Error(w, "This is no report of checkout.js.", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(w, `{"confirmed":%t}`, Verify(secret, report.OrderID, report.PaymentID, report.Signature))
}

// Verify tells whether a signature of checkout.js is the gateway's. It is written out here, and not taken
// from the gateway's own packages, because it is the example that docs/checkout.md shows.
func Verify(secret, orderID, paymentID, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(orderID + "|" + paymentID))
	given, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(mac.Sum(nil), given)
}
