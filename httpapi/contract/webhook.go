package contract

import (
	"net/http"
	"slices"
	"strings"
)

// CheckWebhook holds the body of a webhook against the document's webhooks section:
// the schema of its type, the state of the object that the type implies included.
func (s *Spec) CheckWebhook(t TB, body []byte) {
	t.Helper()
	s.reportWebhook(t, s.webhookDepartures(nil, body), body)
}

// CheckDelivery holds a whole webhook request against the document: CheckWebhook, the
// headers with both signatures (their form; whether they hold needs the secret), and
// that webhook-id is the id in the body.
func (s *Spec) CheckDelivery(t TB, header http.Header, body []byte) {
	t.Helper()
	s.reportWebhook(t, s.webhookDepartures(header, body), body)
}

func (s *Spec) reportWebhook(t TB, found []string, body []byte) {
	t.Helper()
	if len(found) > 0 {
		t.Errorf("contract: a webhook departs from openapi.yaml:\n  - %s\nbody: %s", strings.Join(found, "\n  - "), excerpt(body))
	}
}

// webhookDepartures checks the headers only when there are any.
func (s *Spec) webhookDepartures(header http.Header, body []byte) []string {
	value, err := decode(body)
	if err != nil {
		return []string{"body " + err.Error()}
	}
	members, _ := value.(map[string]any)
	kind, _ := members["type"].(string)
	hook := s.webhooks[kind]
	if hook == nil {
		return []string{"type " + kind + " is not documented"}
	}
	var found []string
	for _, departure := range validate(hook.body, value) {
		found = append(found, "body "+departure)
	}
	if header == nil {
		return found
	}
	for _, p := range hook.headers {
		for _, departure := range p.departures(header.Values(p.name)) {
			found = append(found, "header "+departure)
		}
	}
	if id, _ := members["id"].(string); id != header.Get("webhook-id") {
		found = append(found, "header webhook-id is "+header.Get("webhook-id")+", and the body's id is "+id)
	}
	if media, err := mediaType(header.Get("Content-Type")); err != nil || media != mediaJSON {
		found = append(found, "Content-Type is not "+mediaJSON)
	}
	slices.Sort(found)
	return found
}
