package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
	"paygate/webhooks"
	"paygate/webhooks/signature"
)

func (c *caller) detail(t *testing.T, id string) webhooks.DeliveryDetail {
	t.Helper()
	return as[webhooks.DeliveryDetail](t, c.get(t, "/api/v1/webhooks/"+id), http.StatusOK)
}

// attempted waits until a delivery has been attempted n times, and returns it.
func (c *caller) attempted(t *testing.T, id string, n int) webhooks.DeliveryDetail {
	t.Helper()
	var detail webhooks.DeliveryDetail
	eventually(t, func() bool {
		detail = c.detail(t, id)
		return len(detail.Attempts) >= n && int(detail.AttemptCount) == len(detail.Attempts)
	}, "delivery %s is attempted %d times", id, n)
	return detail
}

func (c *caller) taskDone(t *testing.T, path, body string) webhooks.Task {
	t.Helper()
	task := as[webhooks.Task](t, c.post(t, path, body), http.StatusAccepted)
	eventually(t, func() bool {
		task = as[webhooks.Task](t, c.get(t, "/api/v1/webhooks/tasks/"+task.ID), http.StatusOK)
		return task.Status == webhooks.TaskDone
	}, "task %s is done", task.ID)
	return task
}

func TestEndpointTest(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/tested", "refund.*")
	a.shop.subscribe(t, s, "/beside")
	test := "/api/v1/webhook_endpoints/" + endpoint.ID + "/test"

	delivery := as[webhooks.Delivery](t, a.shop.post(t, test, ""), http.StatusAccepted)
	require.Equal(t, string(webhooks.WebhookTest), delivery.EventType)
	s.await(t, "/tested", webhooks.WebhookTest).verify(t, endpoint.Secret)
	detail := a.shop.attempted(t, delivery.ID, 1)
	require.Equal(t, webhooks.DeliveryDelivered, detail.Status)
	require.Empty(t, s.received("/beside"), "a test is for one endpoint")

	// The attempt tells everything that a receiver's developer wants to compare.
	attempt := detail.Attempts[0]
	require.NotNil(t, attempt.Timing.FirstByteMS)
	require.NotNil(t, attempt.Timing.ConnectMS)
	require.Nil(t, attempt.Timing.TLSMS)
	require.True(t, strings.HasSuffix(attempt.SignedContent, "."+detail.Body))
	sent := http.Header{}
	for _, h := range attempt.RequestHeaders {
		sent.Set(h.Name, h.Value)
	}
	hook{header: sent, body: []byte(detail.Body)}.verify(t, endpoint.Secret)
	require.Contains(t, attempt.ResponseHeaders, webhooks.Header{Name: "Content-Length", Value: "0"})

	a.shop.send(t, http.MethodPatch, "/api/v1/webhook_endpoints/"+endpoint.ID, `{"status":"disabled"}`)
	requireProblem(t, a.shop.post(t, test, ""), http.StatusConflict, fault.EndpointDisabled, "")
	enabled := as[webhooks.Endpoint](t, a.shop.post(t, "/api/v1/webhook_endpoints/"+endpoint.ID+"/enable", ""), http.StatusOK)
	require.Equal(t, webhooks.EndpointEnabled, enabled.Status)
}

func TestRotateSecret(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/rotated", "order.paid")
	base := "/api/v1/webhook_endpoints/" + endpoint.ID
	reveal := func() webhooks.Secrets {
		return as[webhooks.Secrets](t, a.shop.get(t, base+"/secret"), http.StatusOK)
	}
	rotated := as[webhooks.Endpoint](t, a.shop.post(t, base+"/rotate_secret", ""), http.StatusOK)
	require.NotEqual(t, endpoint.Secret, rotated.Secret)
	live := reveal().Secrets
	require.Equal(t, rotated.Secret, live[0].Secret)
	require.Nil(t, live[0].ExpiresAt)
	require.Equal(t, endpoint.Secret, live[1].Secret)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), time.Time(*live[1].ExpiresAt), time.Minute)

	// During the overlap a receiver may hold either.
	delivery := as[webhooks.Delivery](t, a.shop.post(t, base+"/test", ""), http.StatusAccepted)
	arrived := s.await(t, "/rotated", webhooks.WebhookTest)
	require.Len(t, strings.Fields(arrived.header.Get(signature.HeaderSignature)), 2)
	arrived.verify(t, rotated.Secret)
	old, err := signature.ParseSecret(endpoint.Secret)
	require.NoError(t, err)
	require.NoError(t, (&signature.Verifier{Secrets: []signature.Secret{old}}).Verify(arrived.header, arrived.body))
	a.shop.attempted(t, delivery.ID, 1)

	// Without an overlap the old ones end at once.
	last := as[webhooks.Endpoint](t, a.shop.post(t, base+"/rotate_secret", `{"overlap_seconds":0}`), http.StatusOK)
	require.Equal(t, []string{last.Secret}, texts(reveal().Secrets))

	// However often it is rotated, five sign.
	for range 7 {
		last = as[webhooks.Endpoint](t, a.shop.post(t, base+"/rotate_secret", ""), http.StatusOK)
	}
	require.Len(t, reveal().Secrets, 5)
	require.Equal(t, last.Secret, reveal().Secrets[0].Secret)
}

func texts(secrets []webhooks.Secret) []string {
	var all []string
	for _, s := range secrets {
		all = append(all, s.Secret)
	}
	return all
}

func TestEndpointHeaders(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := as[webhooks.Endpoint](t, a.shop.post(t, "/api/v1/webhook_endpoints",
		`{"url":"`+s.url+`/headed","event_types":["order.paid"],"headers":{"authorization":"Bearer t0pSecretHeader","X-Team":"a b"},"rate_limit":50}`), http.StatusCreated)
	require.Equal(t, []string{"Authorization", "X-Team"}, endpoint.HeaderNames)
	require.EqualValues(t, 50, *endpoint.RateLimit)
	base := "/api/v1/webhook_endpoints/" + endpoint.ID
	delivery := as[webhooks.Delivery](t, a.shop.post(t, base+"/test", ""), http.StatusAccepted)
	arrived := s.await(t, "/headed", webhooks.WebhookTest)
	require.Equal(t, "Bearer t0pSecretHeader", arrived.header.Get("Authorization"))
	require.Equal(t, "a b", arrived.header.Get("X-Team"))
	a.shop.attempted(t, delivery.ID, 1)

	require.NotContains(t, string(a.shop.get(t, "/api/v1/webhooks/"+delivery.ID).body), "t0pSecretHeader")
	require.NotContains(t, string(a.shop.get(t, base).body), "t0pSecretHeader")
	var stored []byte
	require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT headers FROM webhook_endpoints WHERE id = $1", endpoint.ID).Scan(&stored))
	require.NotContains(t, string(stored), "t0pSecretHeader")
	secrets := as[webhooks.Secrets](t, a.shop.get(t, base+"/secret"), http.StatusOK)
	require.Equal(t, []webhooks.Header{{Name: "Authorization", Value: "Bearer t0pSecretHeader"}, {Name: "X-Team", Value: "a b"}}, secrets.Headers)

	cleared := as[webhooks.Endpoint](t, a.shop.send(t, http.MethodPatch, base, `{"headers":null,"rate_limit":null}`), http.StatusOK)
	require.Empty(t, cleared.HeaderNames)
	require.Nil(t, cleared.RateLimit)
}

func TestEndpointGoneTellsTheOthers(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	s.answerWith(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
		}
	})
	gone := a.shop.subscribe(t, s, "/gone")
	a.shop.subscribe(t, s, "/watch", "endpoint.*")
	a.shop.paid(t)
	s.await(t, "/watch", webhooks.EndpointWasDisabled)
	require.Empty(t, filter(t, s.received("/gone"), webhooks.EndpointWasDisabled))
	got := as[webhooks.Endpoint](t, a.shop.get(t, "/api/v1/webhook_endpoints/"+gone.ID), http.StatusOK)
	require.Equal(t, "endpoint_answered_410", *got.DisabledReason)
}

func filter(t *testing.T, hooks []hook, kind webhooks.Type) []hook {
	t.Helper()
	var found []hook
	for _, h := range hooks {
		if h.kind(t) == kind {
			found = append(found, h)
		}
	}
	return found
}

// An endpoint that has failed for five days is disabled by the next failure that is not the first of its
// delivery; what is to be sent waits, and nothing is lost.
func TestEndpointFailingIsDisabled(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true, schedule: "0s,0s,0s,1h"})
	s := newSink(t)
	s.answerWith(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/failing" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	endpoint := a.shop.subscribe(t, s, "/failing", "webhook.*", "payment.success")
	a.shop.subscribe(t, s, "/watch", "endpoint.disabled")
	base := "/api/v1/webhook_endpoints/" + endpoint.ID
	read := func() webhooks.Endpoint {
		return as[webhooks.Endpoint](t, a.shop.get(t, base), http.StatusOK)
	}
	delivery := as[webhooks.Delivery](t, a.shop.post(t, base+"/test", ""), http.StatusAccepted)
	a.shop.attempted(t, delivery.ID, 3)
	require.NotNil(t, read().FailingSince)
	require.Equal(t, webhooks.EndpointEnabled, read().Status)

	_, err := a.pool.Exec(t.Context(), "UPDATE webhook_endpoints SET failing_since = now() - interval '5 days' WHERE id = $1", endpoint.ID)
	require.NoError(t, err)
	a.shop.post(t, base+"/test", "")
	s.await(t, "/watch", webhooks.EndpointWasDisabled)
	require.Equal(t, "endpoint_failing_for_5_days", *read().DisabledReason)

	a.shop.paid(t)
	waiting := a.shop.log(t, "endpoint_id="+endpoint.ID+"&event_type=payment.success")
	require.Len(t, waiting, 1)
	require.Equal(t, webhooks.DeliveryPaused, waiting[0].Status)

	s.answerStatus(http.StatusOK)
	a.shop.post(t, base+"/enable", "")
	s.await(t, "/failing", webhooks.PaymentSuccess)
	require.Nil(t, read().FailingSince)
}

func TestResendMany(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true, schedule: "0s,0s,1h"})
	s := newSink(t)
	s.answerStatus(http.StatusInternalServerError)
	endpoint := a.shop.subscribe(t, s, "/resend", "payment.success")
	other := a.shop.subscribe(t, s, "/other", "payment.success")
	for range 3 {
		a.shop.paid(t)
	}
	log := a.shop.log(t, "endpoint_id="+endpoint.ID)
	require.Len(t, log, 3)
	for _, d := range a.shop.log(t, "") { // those of the other endpoint too
		a.shop.attempted(t, d.ID, 2)
	}
	s.answerStatus(http.StatusOK)
	task := a.shop.taskDone(t, "/api/v1/webhooks/retry", `{"endpoint_id":"`+endpoint.ID+`","status":"retrying"}`)
	require.EqualValues(t, 3, *task.Total)
	require.EqualValues(t, 3, task.Enqueued)
	for _, d := range log {
		detail := a.shop.attempted(t, d.ID, 3)
		require.Equal(t, webhooks.DeliveryDelivered, detail.Status)
		require.Equal(t, "manual", detail.Attempts[2].Trigger)
		var step int
		require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT step FROM webhook_deliveries WHERE id = $1", d.ID).Scan(&step))
		require.Equal(t, 2, step, "nothing of the schedule is used up")
	}
	require.Len(t, a.shop.log(t, "endpoint_id="+other.ID+"&status=retrying"), 3)

	// Delivered ones can be sent again too, and twice in a row.
	for n := range 2 {
		task = a.shop.taskDone(t, "/api/v1/webhooks/retry", `{"endpoint_id":"`+endpoint.ID+`","status":"delivered"}`)
		require.EqualValues(t, 3, task.Enqueued)
		for _, d := range log {
			require.Equal(t, webhooks.DeliveryDelivered, a.shop.attempted(t, d.ID, 4+n).Status)
		}
	}
}

func TestReplayMissed(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	first := a.shop.subscribe(t, s, "/first", "payment.success")
	paid := map[string]payments.Payment{}
	for range 3 {
		p := a.shop.paid(t)
		paid[p.ID] = p
	}
	second := a.shop.subscribe(t, s, "/second", "payment.success")
	path := "/api/v1/webhook_endpoints/" + second.ID + "/replay"
	task := a.shop.taskDone(t, path, `{"created_before":"2020-01-01T00:00:00Z"}`)
	require.EqualValues(t, 0, *task.Total)
	task = a.shop.taskDone(t, path, "")
	require.EqualValues(t, 3, *task.Total)
	require.EqualValues(t, 3, task.Enqueued)
	eventually(t, func() bool { return len(s.received("/second")) == 3 }, "the missed events arrive")
	eventually(t, func() bool { return len(s.received("/first")) == 3 }, "the first got them too")
	bodies := map[string]bool{}
	for _, h := range s.received("/first") {
		bodies[string(h.body)] = true
	}
	for _, h := range s.received("/second") {
		require.True(t, bodies[string(h.body)], "the very bytes that the first got")
		h.verify(t, second.Secret)
	}
	require.EqualValues(t, 0, *a.shop.taskDone(t, path, "").Total, "nothing is missing any more")
	require.EqualValues(t, 0, *a.shop.taskDone(t, "/api/v1/webhook_endpoints/"+first.ID+"/replay", "").Total)
}
