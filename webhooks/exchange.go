package webhooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"
	"unicode/utf8"

	"paygate/tracing"
	"paygate/webhooks/signature"
)

// The bounds of what is taken from an endpoint, in bytes.
const (
	// keptBody is how much of an answer is kept for the merchant to see.
	keptBody = 4 << 10
	// drainedBody is how much more is read at most, so that the connection can be used again.
	// Both count what comes out of a compressed answer, so that a small one cannot become a large one.
	drainedBody = 64 << 10
	// maxResponseHeaders bounds an answer's headers.
	maxResponseHeaders = 64 << 10
	// keptHeaders is how much of them is kept, names and values.
	keptHeaders = 4 << 10
)

// userAgent tells who sends, and in which form.
const userAgent = "Paygate-Webhooks/1"

// message is what one POST carries.
type message struct {
	url, eventID, body string
	// secrets sign, the newest first.
	secrets []signature.Secret
	// headers are the endpoint's own.
	headers map[string]string
}

// exchange is what one POST came to. It succeeded when class is empty.
type exchange struct {
	status  int
	class   string
	message string
	headers []Header
	body    string
	started time.Time
	// duration is that of the whole, the answer's body included.
	duration   time.Duration
	split      split
	retryAfter string
	// signature and bodySignature are those that were sent.
	signature, bodySignature string
}

// Client posts webhooks. One Client holds one pool of connections.
type Client struct {
	http    *http.Client
	timeout time.Duration
	now     func() time.Time
}

// NewClient returns a client whose exchanges end within timeout, the body included.
func NewClient(guard *Guard, timeout time.Duration, now func() time.Time) *Client {
	return &Client{
		http: &http.Client{
			Transport: guard.transport(timeout),
			// A redirect is a failure: Go would send the signature on to wherever it leads.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout: timeout,
		now:     now,
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// post sends a message and reports what came of it. It returns an error only when that says
// nothing about the endpoint: ctx ended, or signing failed.
//
// An answer of 2xx is a success however long its body is: what follows the first kilobytes is not
// read. One that begins and never ends is a timeout, since then the connection is of no use.
func (c *Client) post(ctx context.Context, m message) (exchange, error) {
	result := exchange{started: c.now()}
	begin := time.Now() // monotonic, whatever clock c.now is
	deadline, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	times := new(timing)
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(deadline, times.trace()), http.MethodPost, m.url, strings.NewReader(m.body))
	if err != nil {
		result.class, result.message, result.split = classURL, "the endpoint's URL is not valid", times.split()
		return result, nil
	}
	for name, value := range m.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if parent := tracing.Parent(ctx); parent != "" {
		request.Header.Set(tracing.Header, parent)
	}
	if err := signature.Sign(request.Header, m.eventID, result.started, []byte(m.body), m.secrets...); err != nil {
		return result, fmt.Errorf("error signing event %s: %w", m.eventID, err)
	}
	result.signature, result.bodySignature = request.Header.Get(signature.HeaderSignature), request.Header.Get(signature.HeaderBody)

	response, err := c.http.Do(request) //nolint:bodyclose // readStart closes it
	if err == nil {
		result.status = response.StatusCode
		result.retryAfter = response.Header.Get("Retry-After")
		result.headers = keepHeaders(response.Header)
		result.body, err = readStart(response.Body)
	}
	result.duration = time.Since(begin)
	result.split = times.split()
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		result.class, result.message = classify(err)
		return result, nil
	}
	result.class, result.message = judgeStatus(result.status)
	return result, nil
}

// readStart keeps the first bytes of an answer and reads a bounded number more.
func readStart(body io.ReadCloser) (string, error) {
	defer body.Close()
	var kept bytes.Buffer
	if _, err := io.Copy(&kept, io.LimitReader(body, keptBody)); err != nil {
		return storable(kept.Bytes()), err
	}
	if _, err := io.CopyN(io.Discard, body, drainedBody); err != nil && !errors.Is(err, io.EOF) {
		return storable(kept.Bytes()), err
	}
	return storable(kept.Bytes()), nil
}

// storable makes text of what an endpoint sent, which may be anything: Postgres holds neither
// U+0000 nor broken UTF-8.
func storable(raw []byte) string {
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	return string(bytes.ReplaceAll(raw, []byte{0}, []byte("\uFFFD")))
}
