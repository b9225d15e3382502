package receiver

import (
	"encoding/base64"
	"net/http"
	"unicode/utf8"

	"paygate/wire"
)

// Webhook is one received request, as GET /_events shows it. One that was recorded
// is never changed, only replaced.
type Webhook struct {
	// Sequence counts what was received, from 1; it survives a clear.
	Sequence int64 `json:"sequence"`
	// Version grows with every change of anything shown: of two versions of one
	// webhook the higher is the newer.
	Version    int64     `json:"version"`
	ReceivedAt wire.Time `json:"received_at"`
	// Path and Query are those that it was posted to.
	Path  string `json:"path"`
	Query string `json:"query"`
	// RemoteAddr is the sender's host:port.
	RemoteAddr string `json:"remote_addr"`
	// EventID is the webhook-id header or else the body's id; EventType the body's
	// type. Empty when there is none.
	EventID   string `json:"event_id"`
	EventType string `json:"event_type"`
	// Attempt counts how often this event came to this path, from 1. The path counts
	// because one event goes to several endpoints under the same webhook-id.
	Attempt   int  `json:"attempt"`
	Duplicate bool `json:"duplicate"`
	// Headers as Go names them, with Host.
	Headers http.Header `json:"headers"`
	// Body is exactly what came: as text when BodyEncoding is utf-8, else base64. It
	// is cut off at maxBody bytes, and then BodyTruncated is true.
	Body          string `json:"body"`
	BodyEncoding  string `json:"body_encoding"`
	BodyBytes     int    `json:"body_bytes"`
	BodyTruncated bool   `json:"body_truncated"`

	Signature Verdict `json:"signature"`
	Answer    Answer  `json:"answer"`
}

const (
	encodingText   = "utf-8"
	encodingBase64 = "base64"
)

func (w *Webhook) setBody(body []byte) {
	w.BodyBytes = len(body)
	if utf8.Valid(body) {
		w.Body, w.BodyEncoding = string(body), encodingText
		return
	}
	w.Body, w.BodyEncoding = base64.StdEncoding.EncodeToString(body), encodingBase64
}

// rawBody gives back the bytes that setBody took.
func (w *Webhook) rawBody() []byte {
	if w.BodyEncoding == encodingText {
		return []byte(w.Body)
	}
	body, err := base64.StdEncoding.DecodeString(w.Body)
	if err != nil {
		panic("receiver: a body that setBody encoded does not decode: " + err.Error())
	}
	return body
}

// size is about how much memory it holds.
func (w *Webhook) size() int {
	size := len(w.Body) + len(w.Path) + len(w.Query)
	for name, values := range w.Headers {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}
