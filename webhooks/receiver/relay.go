package receiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// RelayOptions are those of NewRelay.
type RelayOptions struct {
	// ForwardTo is where webhooks go on to; nil for nowhere.
	ForwardTo *url.URL
	// Secret is that of the endpoint whose webhooks come.
	Secret string
	// Mine tells of the id of an event whether it is meant for the relay itself. Such a webhook is
	// answered, and neither shown nor forwarded.
	Mine func(eventID string) bool
	// Output gets one line for each webhook.
	Output io.Writer
	Logger *slog.Logger
	// Now is the clock that timestamps are judged by.
	Now func() time.Time
}

// Relay takes webhooks, tells whether their signatures hold, and forwards each, byte for byte and with its
// headers, to a server that cannot be reached from where they come. That server's answer is the relay's,
// so that what it fails to take is sent again.
type Relay struct {
	RelayOptions

	terminal *terminal
	proxy    *httputil.ReverseProxy
	pool     *http.Transport
}

// NewRelay returns a Relay; close it after use.
func NewRelay(opts RelayOptions) *Relay {
	// Nothing is added, an Accept-Encoding of its own neither, and the environment's proxy is not for this machine.
	r := &Relay{RelayOptions: opts, terminal: newTerminal(opts.Output), pool: &http.Transport{DisableCompression: true}}
	r.proxy = &httputil.ReverseProxy{
		Transport: r.pool,
		Rewrite: func(request *httputil.ProxyRequest) {
			request.Out.URL, request.Out.Host = opts.ForwardTo, ""
			// What the proxy takes for the business of one connection came with the webhook all the same.
			request.Out.Header = request.In.Header.Clone()
		},
		ErrorLog: slog.NewLogLogger(opts.Logger.Handler(), slog.LevelWarn),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, whyNot(err), http.StatusBadGateway)
		},
	}
	return r
}

// Close drops idle connections.
func (r *Relay) Close() { r.pool.CloseIdleConnections() }

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		http.Error(w, "Webhooks are posted here.", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err != nil {
		http.Error(w, "The body broke off before its end.", http.StatusBadRequest)
		return
	}
	webhook := newWebhook(req, body, r.Now())
	webhook.Signature = checkSignature(webhook, []string{r.Secret})
	if webhook.Signature.Status == StatusOK && r.Mine(webhook.EventID) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer := &watchedAnswer{ResponseWriter: w}
	switch {
	case webhook.BodyTruncated:
		http.Error(answer, fmt.Sprintf("The body is larger than %d bytes.", maxBody), http.StatusRequestEntityTooLarge)
	case webhook.Signature.Status != StatusOK:
		http.Error(answer, "It is not forwarded: its signature does not hold.", http.StatusBadRequest)
	case r.ForwardTo == nil:
		answer.WriteHeader(http.StatusOK)
	default:
		begin := r.Now()
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.proxy.ServeHTTP(answer, req)
		answer.from = fmt.Sprintf("%s in %d ms", r.ForwardTo, r.Now().Sub(begin).Milliseconds())
	}
	webhook.Answer = Answer{Status: answer.status, Reason: answer.reason()}
	r.terminal.show(webhook)
}

// shownAnswer is how much of an answer's body a line shows, in bytes.
const shownAnswer = 160

// watchedAnswer notes what an answer begins with.
type watchedAnswer struct {
	http.ResponseWriter

	status int
	start  []byte
	from   string // who answered, and how fast
}

func (a *watchedAnswer) WriteHeader(status int) {
	if status >= http.StatusOK && a.status == 0 { // before that it is an interim answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *watchedAnswer) Write(body []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.start = append(a.start, body[:min(len(body), shownAnswer-len(a.start))]...)
	return a.ResponseWriter.Write(body) //nolint:wrapcheck // it is one
}

// Unwrap is for http.ResponseController.
func (a *watchedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// reason says who answered and what.
func (a *watchedAnswer) reason() string {
	said := strings.Join(strings.Fields(string(a.start)), " ")
	switch {
	case a.from == "":
		return said
	case said == "":
		return a.from
	}
	return a.from + ": " + said
}

// whyNot says why a webhook could not be forwarded.
func whyNot(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there."
	case errors.As(err, &dns):
		return "The host is not known."
	case errors.Is(err, context.Canceled):
		return "The sender did not wait for an answer any longer."
	}
	return "There was no answer: " + err.Error()
}
