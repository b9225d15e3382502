package webhooks

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

// send posts a delivery, in a span that goes on with the trace in which its event came about. The span tells ids and
// classes: neither the URL, which may hold what only the endpoint is to know, nor what was answered.
func (d *Deliverer) send(ctx context.Context, job DeliverArgs, row *loaded) (exchange, error) {
	parent := ""
	if row.Traceparent != nil {
		parent = *row.Traceparent
	}
	ctx, span := tracing.Resume(ctx, parent, "webhook", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(
			attribute.String("paygate.delivery_id", job.DeliveryID), attribute.String("paygate.endpoint_id", job.EndpointID),
			attribute.String("paygate.event_id", row.WebhookDelivery.EventID), attribute.String("paygate.event_type", row.WebhookDelivery.EventType),
			attribute.Int("paygate.webhook.step", job.Step), attribute.Bool("paygate.webhook.manual", job.Manual),
		)
	}
	result, err := d.client.post(ctx, message{row.URL, row.WebhookDelivery.EventID, row.Body, row.secrets, row.headers})
	if result.status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", result.status))
	}
	switch {
	case err != nil:
		span.SetStatus(codes.Error, "")
	case result.class != "":
		class := result.class
		if class == classStatus {
			class = strconv.Itoa(result.status) // by convention
		}
		span.SetAttributes(attribute.String("error.type", class))
		span.SetStatus(codes.Error, "")
	}
	return result, err
}
