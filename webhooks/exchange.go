package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"paygate/webhooks/signature"
)

// Classes of failure, stored with an attempt.
const (
	classStatus  = "status"
	classBlocked = "blocked"
	classDNS     = "dns"
	classRefused = "connection_refused"
	classReset   = "connection_reset"
	classTimeout = "timeout"
	classTLS     = "tls"
	classURL     = "invalid_url"
	classNetwork = "network"
)

// keptBody is how much of an answer is kept for the merchant to see, in bytes.
const keptBody = 4 << 10

// drainedBody is how much of an answer is read at most, so that the connection can be used again.
const drainedBody = 64 << 10

// exchange is what one POST came to. It succeeded when class is empty.
type exchange struct {
	status     int
	class      string
	message    string
	body       string
	started    time.Time
	duration   time.Duration
	retryAfter string
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

// post sends body, signed with all secrets (the newest first), and reports what came of it. It
// returns an error only when that says nothing about the endpoint: ctx ended, or signing failed.
func (c *Client) post(ctx context.Context, url, eventID, body string, secrets []signature.Secret) (exchange, error) {
	result := exchange{started: c.now()}
	begin := time.Now() // monotonic, whatever clock c.now is
	deadline, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(deadline, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		result.class, result.message = classURL, "the endpoint's URL is not valid"
		return result, nil
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Paygate-Webhooks/1")
	if err := signature.Sign(request.Header, eventID, result.started, []byte(body), secrets...); err != nil {
		return result, fmt.Errorf("error signing event %s: %w", eventID, err)
	}

	response, err := c.http.Do(request) //nolint:bodyclose // readStart closes it
	if err == nil {
		result.status = response.StatusCode
		result.retryAfter = response.Header.Get("Retry-After")
		result.body, err = readStart(response.Body)
	}
	result.duration = time.Since(begin)
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		result.class, result.message = classify(err)
		return result, nil
	}
	if result.status < 200 || result.status > 299 {
		result.class, result.message = classStatus, strings.TrimSpace(fmt.Sprintf("the endpoint answered %d %s", result.status, http.StatusText(result.status)))
	}
	return result, nil
}

// readStart keeps the first bytes of an answer and reads a bounded number more.
func readStart(body io.ReadCloser) (string, error) {
	defer body.Close()
	var kept bytes.Buffer
	if _, err := io.Copy(&kept, io.LimitReader(body, keptBody)); err != nil {
		return "", err
	}
	if _, err := io.CopyN(io.Discard, body, drainedBody); err != nil && !errors.Is(err, io.EOF) {
		return "", err
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

// classify names a failure and says it in words that hold no address of our network.
func classify(err error) (class, message string) {
	var dns *net.DNSError
	var timeout net.Error
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, errBlocked):
		return classBlocked, "the endpoint's host leads to an address that is not allowed"
	case errors.As(err, &dns) && !dns.IsTimeout:
		return classDNS, "the endpoint's host cannot be found"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return classTimeout, "the endpoint did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return classRefused, "the endpoint's host refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return classReset, "the endpoint closed the connection before it had answered"
	case errors.As(err, &record), errors.As(err, &certificate), errors.As(err, &authority):
		return classTLS, "the endpoint's TLS certificate or handshake is not valid"
	default:
		return classNetwork, "the exchange with the endpoint failed"
	}
}
