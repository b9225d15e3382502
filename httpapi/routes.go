package httpapi

import "net/http"

// route is one line of the table below. A route that does not say otherwise needs a secret key.
type route struct {
	method  string
	path    string
	access  access
	handler handler
}

// routes is every door of the API.
func (s *server) routes() []route {
	const v1 = "/api/v1"
	return []route{
		{http.MethodGet, "/health", open, s.health()},
		{http.MethodGet, "/health/ready", open, s.ready()},
		{http.MethodGet, "/openapi.yaml", open, s.document()},

		{http.MethodPost, v1 + "/orders", needsSecret, s.createOrder()},
		{http.MethodGet, v1 + "/orders", needsSecret, s.listOrders()},
		{http.MethodGet, v1 + "/orders/:id", needsSecret, s.getOrder()},

		{http.MethodPost, v1 + "/payments", needsSecret, s.createPayment()},
		{http.MethodGet, v1 + "/payments", needsSecret, s.listPayments()},
		{http.MethodGet, v1 + "/payments/:id", needsSecret, s.getPayment()},
		{http.MethodPost, v1 + "/payments/:id/capture", needsSecret, s.capturePayment()},
		{http.MethodPost, v1 + "/payments/:id/cancel", needsSecret, s.cancelPayment()},
		{http.MethodPost, v1 + "/payments/:id/refunds", needsSecret, s.createPaymentRefund()},

		{http.MethodPost, v1 + "/refunds", needsSecret, s.createRefund()},
		{http.MethodGet, v1 + "/refunds", needsSecret, s.listRefunds()},
		{http.MethodGet, v1 + "/refunds/:id", needsSecret, s.getRefund()},

		{http.MethodGet, v1 + "/balance", needsSecret, s.getBalance()},
		{http.MethodGet, v1 + "/balance/transactions", needsSecret, s.listBalanceTransactions()},

		{http.MethodGet, v1 + "/events", needsSecret, s.listEvents()},
		{http.MethodGet, v1 + "/events/:id", needsSecret, s.getEvent()},

		{http.MethodPost, v1 + "/webhook_endpoints", needsSecret, s.createEndpoint()},
		{http.MethodGet, v1 + "/webhook_endpoints", needsSecret, s.listEndpoints()},
		{http.MethodGet, v1 + "/webhook_endpoints/:id", needsSecret, s.getEndpoint()},
		{http.MethodPatch, v1 + "/webhook_endpoints/:id", needsSecret, s.updateEndpoint()},
		{http.MethodDelete, v1 + "/webhook_endpoints/:id", needsSecret, s.deleteEndpoint()},
		{http.MethodPost, v1 + "/webhook_endpoints/:id/enable", needsSecret, s.enableEndpoint()},
		{http.MethodPost, v1 + "/webhook_endpoints/:id/test", needsSecret, s.testEndpoint()},
		{http.MethodPost, v1 + "/webhook_endpoints/:id/rotate_secret", needsKey, s.rotateSecret()},
		{http.MethodGet, v1 + "/webhook_endpoints/:id/secret", needsKey, s.revealSecret()},
		{http.MethodPost, v1 + "/webhook_endpoints/:id/replay", needsSecret, s.replayMissed()},

		{http.MethodGet, v1 + "/webhooks/logs", needsSecret, s.listDeliveries()},
		{http.MethodPost, v1 + "/webhooks/retry", needsSecret, s.resendDeliveries()},
		{http.MethodGet, v1 + "/webhooks/tasks/:id", needsSecret, s.getTask()},
		{http.MethodGet, v1 + "/webhooks/:id", needsSecret, s.getDelivery()},
		{http.MethodPost, v1 + "/webhooks/:id/retry", needsSecret, s.resendDelivery()},
	}
}
