package receiver

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"paygate/fault"
	"paygate/wire"
)

// maxBody bounds what is read and kept of one webhook. Paygate's are a few kilobytes.
const maxBody = 1 << 20

// maxName bounds what is taken from a body as id or type; the rest of it can still be
// read in the body itself.
const maxName = 256

// receive takes a POST to any path that is not one of ours.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	if strings.HasPrefix(req.URL.Path, "/_") {
		r.refuseOther(w, req)
		return
	}
	started := r.now()
	// One byte more than is kept tells a body of exactly the bound from a larger one.
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err != nil {
		r.logger.LogAttrs(req.Context(), slog.LevelInfo, "webhook body broke off", slog.String("error", err.Error()))
		refuse(w, req, fault.New(fault.MalformedJSON, "The body broke off before its end."))
		return
	}

	webhook := newWebhook(req, body, started)
	chosen := r.state.record(webhook, func(settings Settings) plan {
		if webhook.BodyTruncated {
			return plan{
				mode: ModeFail, status: http.StatusRequestEntityTooLarge,
				reason: fmt.Sprintf("the body is larger than %d bytes", maxBody),
			}
		}
		if p, asked := planByQuery(req.URL.Query()); asked {
			return p
		}
		return planBySettings(settings)
	})
	r.terminal.show(webhook)
	r.logger.LogAttrs(req.Context(), slog.LevelDebug, "webhook received",
		slog.String("event_id", webhook.EventID),
		slog.String("event_type", webhook.EventType),
		slog.Int("attempt", webhook.Attempt),
		slog.String("signature", string(webhook.Signature.Status)),
		slog.Int("status", webhook.Answer.Status))

	r.answer(w, req, chosen, webhook)
}

func newWebhook(req *http.Request, body []byte, receivedAt time.Time) *Webhook {
	headers := req.Header.Clone()
	headers.Set("Host", req.Host) // Go keeps it apart
	w := &Webhook{
		ReceivedAt: wire.Time(receivedAt),
		Path:       req.URL.Path,
		Query:      req.URL.RawQuery,
		RemoteAddr: req.RemoteAddr,
		Headers:    headers,
	}
	if len(body) > maxBody {
		body, w.BodyTruncated = body[:maxBody], true
	}
	w.setBody(body)

	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	// Not JSON, or another shape: then it has neither, and is shown all the same.
	_ = json.Unmarshal(body, &event)
	w.EventID = shorten(event.ID)
	if id := req.Header.Get("Webhook-Id"); id != "" {
		w.EventID = shorten(id)
	}
	w.EventType = shorten(event.Type)
	return w
}

func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}

// answer does what was chosen. The webhook is recorded already: who sees the answer
// finds it in the list.
func (r *Receiver) answer(w http.ResponseWriter, req *http.Request, chosen plan, webhook *Webhook) {
	if chosen.delay > 0 && !r.wait(w, req, chosen.delay) {
		r.state.senderLeft(webhook.Sequence, r.now().Sub(time.Time(webhook.ReceivedAt)).Milliseconds())
		return
	}
	if chosen.status == 0 {
		// The documented way to end a request without an answer, on HTTP/1 and HTTP/2.
		panic(http.ErrAbortHandler)
	}
	if chosen.location != "" {
		w.Header().Set("Location", chosen.location)
	}
	if chosen.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(chosen.retryAfter))
	}
	// The sender's delivery log shows this body, and there it should explain itself.
	writeJSON(w, chosen.status, struct {
		Received bool   `json:"received"`
		Attempt  int    `json:"attempt"`
		Reason   string `json:"reason,omitempty"`
	}{true, webhook.Attempt, chosen.reason})
}

// wait tells whether the sender was still there after the delay. Close ends it early.
func (r *Receiver) wait(w http.ResponseWriter, req *http.Request, delay time.Duration) bool {
	extendWriteDeadline(w, delay+writeTimeout)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.closed:
	case <-req.Context().Done():
		return false
	}
	return true
}

// writeTimeout is what one write may take, beyond a wait that was intended.
const writeTimeout = 10 * time.Second

// extendWriteDeadline moves the server's WriteTimeout, which counts from the start of
// the request and would cut off what is meant to take long.
func extendWriteDeadline(w http.ResponseWriter, by time.Duration) {
	// It fails where there are no deadlines, and on a connection that is gone, which
	// the next write tells as well.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(by))
}
