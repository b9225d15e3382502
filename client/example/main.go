// Command example pays, hears of it by a verified webhook, refunds a part, and lists what was paid. It works with the
// gateway that `paygate dev` runs; PAYGATE_URL and PAYGATE_SECRET choose another one, and another merchant.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"paygate/client"
	"paygate/client/api"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	err := run(ctx, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	gateway, err := client.New(
		cmp.Or(os.Getenv("PAYGATE_URL"), "http://localhost:8000"), //nolint:forbidigo // a program of its own
		cmp.Or(os.Getenv("PAYGATE_SECRET"), "secret_test_xyz789"), //nolint:forbidigo // a program of its own
		client.Options{})
	if err != nil {
		return err
	}

	// An endpoint for as long as this runs. Its secret is shown this once.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("error listening for webhooks: %w", err)
	}
	defer listener.Close()
	endpoint, err := gateway.API.CreateWebhookEndpointWithResponse(ctx, nil, api.WebhookEndpointCreate{
		URL: "http://" + listener.Addr().String() + "/webhooks", EventTypes: &api.EventPatterns{"payment.success"},
	})
	if err != nil {
		return err
	}
	defer func() {
		_, deleted := gateway.API.DeleteWebhookEndpointWithResponse(context.WithoutCancel(ctx), endpoint.JSON201.ID)
		err = errors.Join(err, deleted)
	}()
	webhooks, err := client.NewWebhooks(endpoint.JSON201.Secret)
	if err != nil {
		return err
	}
	paid := make(chan api.Payment, 1)
	server := &http.Server{Handler: receive(webhooks, paid), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with the listener

	// The key belongs to what is meant, here one run of this program: keep yours with the order.
	amount, currency, key := int64(50000), "INR", fmt.Sprintf("example-%d", time.Now().UnixNano())
	payment, err := gateway.CreatePayment(ctx, key, api.PaymentCreate{Amount: &amount, Currency: &currency})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Payment %s of %d %s is %s.\n", payment.ID, payment.Amount, payment.Currency, payment.Status)
	for told := (api.Payment{}); told.ID != payment.ID; { // other payments may be under way
		select {
		case told = <-paid:
		case <-ctx.Done():
			return fmt.Errorf("error waiting for the webhook: %w", ctx.Err())
		}
	}
	fmt.Fprintf(out, "Webhook payment.success, verified: %s is success.\n", payment.ID)

	part := int64(10000)
	refund, err := gateway.Refund(ctx, key+"-refund", api.RefundCreate{PaymentID: &payment.ID, Amount: &part})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Refund %s of %d is %s.\n", refund.ID, refund.Amount, refund.Status)

	// More than is left is refused, and says so.
	_, err = gateway.Refund(ctx, key+"-too-much", api.RefundCreate{PaymentID: &payment.ID, Amount: &amount})
	if refused, ok := client.AsError(err); !ok || refused.Code != "refund_exceeds_available" {
		return fmt.Errorf("the gateway refunded more than it captured: %w", err)
	}

	for one, err := range gateway.Payments(ctx, nil) {
		if err != nil {
			return err
		}
		if one.ID == payment.ID {
			return nil
		}
	}
	return errors.New("the list of payments lacks " + payment.ID)
}

// receive verifies, answers, and passes on what it was told.
func receive(webhooks *client.Webhooks, paid chan<- api.Payment) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return
		}
		event, err := webhooks.Verify(r.Header, body)
		if err != nil {
			http.Error(w, "not from the gateway", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		if data, err := event.Data.AsPaymentData(); err == nil && event.Type == "payment.success" {
			paid <- data.Payment
		}
	}
}
