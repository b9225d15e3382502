package receiver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"paygate/fault"
	"paygate/wire"
)

// maxControlBody bounds the requests of our own routes.
const maxControlBody = 64 << 10

// showControl answers GET /_control with the Settings in force.
func (r *Receiver) showControl(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, r.state.control())
}

// changeControl answers PUT /_control: Settings in, the Settings in force out.
func (r *Receiver) changeControl(w http.ResponseWriter, req *http.Request) {
	var settings Settings
	if err := decode(req, &settings); err != nil {
		refuse(w, req, err)
		return
	}
	settings, err := settings.normalize()
	if err != nil {
		refuse(w, req, err)
		return
	}
	r.state.setControl(settings)
	writeJSON(w, http.StatusOK, settings)
}

// listEvents answers GET /_events, newest first. Query: id and path are exact, type
// may end in an asterisk (payment.*), limit is the most to return.
func (r *Receiver) listEvents(w http.ResponseWriter, req *http.Request) {
	query := req.URL.Query()
	limit := -1
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			refuse(w, req, fault.On(fault.InvalidParameter, "limit", "limit is a whole number from 1"))
			return
		}
		limit = n
	}

	list := struct {
		Object  string     `json:"object"`
		Data    []*Webhook `json:"data"`
		HasMore bool       `json:"has_more"`
	}{Object: "list", Data: []*Webhook{}}
	for _, webhook := range r.state.list() {
		if !matches(query.Get("id"), webhook.EventID) || !matches(query.Get("path"), webhook.Path) ||
			!matchesType(query.Get("type"), webhook.EventType) {
			continue
		}
		if len(list.Data) == limit {
			list.HasMore = true
			break
		}
		list.Data = append(list.Data, webhook)
	}
	writeJSON(w, http.StatusOK, list)
}

func matches(wanted, value string) bool { return wanted == "" || wanted == value }

func matchesType(pattern, eventType string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(eventType, prefix)
	}
	return matches(pattern, eventType)
}

// clearEvents answers DELETE /_events.
func (r *Receiver) clearEvents(w http.ResponseWriter, _ *http.Request) {
	r.state.clear()
	w.WriteHeader(http.StatusNoContent)
}

// enterSecret answers POST /_secrets {"secret":"whsec_…"} with how many there are. No
// route gives them back.
func (r *Receiver) enterSecret(w http.ResponseWriter, req *http.Request) {
	var entered struct {
		Secret string `json:"secret"`
	}
	if err := decode(req, &entered); err != nil {
		refuse(w, req, err)
		return
	}
	count, err := r.AddSecret(entered.Secret)
	if err != nil {
		refuse(w, req, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Secrets int `json:"secrets"`
	}{count})
}

// AddSecret makes another signing secret known and returns how many there are; the
// kept webhooks are checked again with it. The error is a *fault.Error.
func (r *Receiver) AddSecret(secret string) (int, error) {
	secret = strings.TrimSpace(secret)
	if err := checkSecret(secret); err != nil {
		return 0, err
	}
	count, ok := r.state.addSecret(secret)
	if !ok {
		return count, fault.On(fault.InvalidValue, "secret", "there is room for %d secrets; start the receiver again to forget them", maxSecrets)
	}
	return count, nil
}

// refuseOther answers what no other route takes: most often a browser that was
// pointed at the webhook's own address.
func (r *Receiver) refuseOther(w http.ResponseWriter, req *http.Request) {
	if strings.HasPrefix(req.URL.Path, "/_") {
		writeProblem(w, req, http.StatusNotFound, fault.New(fault.RouteNotFound,
			"There is no such route here. The receiver has /, /_events, /_events/stream, /_control and /_secrets; webhooks may be posted to any path without a leading underscore."))
		return
	}
	w.Header().Set("Allow", http.MethodPost)
	writeProblem(w, req, http.StatusMethodNotAllowed, fault.New(fault.MethodNotAllowed,
		"Webhooks come here by POST. What was received is shown on / and by GET /_events."))
}

func refuseCrossOrigin(w http.ResponseWriter, req *http.Request) {
	writeProblem(w, req, http.StatusForbidden, fault.New(fault.Forbidden,
		"This came from the page of another site. The receiver is controlled from its own page, or by a client that is no browser."))
}

// decode reads the request's JSON object strictly, so that a misspelt setting does not
// pass for one that was obeyed.
func decode(req *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxControlBody+1))
	if err != nil {
		return fault.New(fault.MalformedJSON, "The body broke off before its end.").Because(err)
	}
	if len(body) > maxControlBody {
		return fault.New(fault.BodyTooLarge, "The body is larger than %d bytes.", maxControlBody)
	}
	return wire.Decode(body, into)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("receiver: own answer does not encode: %s", err))
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, status, encoded)
}

// refuse answers what its sender can mend.
func refuse(w http.ResponseWriter, req *http.Request, err error) {
	status := http.StatusBadRequest
	if fault.CodeOf(err) == fault.BodyTooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	writeProblem(w, req, status, err)
}

// writeProblem answers with RFC 9457 problem details, in the shape of Paygate's API.
func writeProblem(w http.ResponseWriter, req *http.Request, status int, err error) {
	public := fault.From(err)
	encoded, err := json.Marshal(struct {
		Type     string     `json:"type"`
		Title    string     `json:"title"`
		Status   int        `json:"status"`
		Detail   string     `json:"detail"`
		Instance string     `json:"instance"`
		Code     fault.Code `json:"code"`
		Param    string     `json:"param,omitempty"`
	}{
		"/docs/errors#" + string(public.Code), http.StatusText(status), status, public.Message,
		req.URL.Path, public.Code, public.Param,
	})
	if err != nil {
		panic(fmt.Sprintf("receiver: own problem does not encode: %s", err))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	write(w, status, encoded)
}

func write(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// No body goes with 204 and 304, and who hung up gets none: neither is ours to
	// mend.
	_, _ = w.Write(body)
}
