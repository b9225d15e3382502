package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/payments"
	"paygate/processor"
	"paygate/wire"
)

const (
	headerKey = "X-Api-Key"
	// maxBody bounds a request, in bytes; a card with a long name fits many times.
	maxBody = 16 << 10
	// maxFailures is how many payments of one order may fail. A customer who has mistyped a number, taken another card and
	// asked the bank needs a few; who tries out cards that were stolen needs very many.
	maxFailures = 20
	// paymentRoute is what attempts are remembered under; an API caller's keys are under another.
	paymentRoute = "POST /pay/:order/payments"
)

// publicOrder is what anybody may see of an order who has its id and a publishable key: what is to be
// paid, and whether it is.
type publicOrder struct {
	ID       string `json:"id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Exponent is the number of decimals of the currency (ISO 4217).
	Exponent int                  `json:"exponent"`
	Status   payments.OrderStatus `json:"status"`
	// Payable is false for an order that is paid and takes no second payment.
	Payable bool `json:"payable"`
}

// attempt is what the one browser that made a payment may see of it.
type attempt struct {
	PaymentID      string          `json:"payment_id"`
	OrderID        string          `json:"order_id"`
	Status         payments.Status `json:"status"`
	Method         *string         `json:"method"`
	FailureCode    *string         `json:"failure_code"`
	FailureMessage *string         `json:"failure_message"`
	ActionURL      *string         `json:"action_url"`
	// Signature is there for a payment that succeeded, see merchants.SignCheckout.
	Signature *string   `json:"signature"`
	UpdatedAt wire.Time `json:"updated_at"`
}

func showAttempt(payment *payments.Payment) *attempt {
	shown := &attempt{
		PaymentID: payment.ID, OrderID: *payment.OrderID, Status: payment.Status, Method: payment.Method,
		FailureCode: payment.FailureCode, FailureMessage: payment.FailureMessage, UpdatedAt: payment.UpdatedAt,
	}
	if payment.NextAction != nil {
		shown.ActionURL = &payment.NextAction.URL
	}
	return shown
}

// payer is who a request of the payment page speaks for: somebody who has an order and a publishable key.
type payer struct {
	merchantID uuid.UUID
	order      *payments.Order
}

// answer adapts what the payment page asks: it identifies the payer, and answers in JSON.
func (s *Server) answer(handle func(c *gin.Context, who payer) (idempotency.Response, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		who, err := s.payer(c, c.GetHeader(headerKey), c.Param("order"))
		if err != nil {
			refuse(c, err)
			return
		}
		response, err := handle(c, who)
		if err != nil {
			refuse(c, err)
			return
		}
		contentType := "application/json"
		if response.Status >= http.StatusBadRequest {
			contentType = "application/problem+json"
		}
		c.Header("Cache-Control", "no-store")
		c.Data(response.Status, contentType, response.Body)
	}
}

// payer finds the order among those of the key's merchant. It fails with credentials_missing,
// credentials_invalid or not_found.
func (s *Server) payer(c *gin.Context, key, orderID string) (payer, error) {
	if key == "" {
		return payer{}, fault.New(fault.CredentialsMissing, "This needs the shop's publishable key.")
	}
	caller, err := s.Keys.ByPublishable(c.Request.Context(), key)
	if err != nil {
		return payer{}, err
	}
	c.Set(keyMerchant, caller.MerchantID)
	if !ids.Valid(ids.Order, orderID) {
		return payer{merchantID: caller.MerchantID}, fault.New(fault.NotFound, "There is no order with this id.")
	}
	order, err := s.Payments.Order(c.Request.Context(), caller.MerchantID, orderID)
	return payer{caller.MerchantID, order}, err
}

func showPublicOrder(order *payments.Order) publicOrder {
	exponent, _ := payments.Exponent(order.Currency) // every order has a currency that we know
	return publicOrder{
		ID: order.ID, Amount: order.Amount, Currency: order.Currency, Exponent: exponent, Status: order.Status,
		Payable: order.Reusable || order.Status != payments.OrderPaid,
	}
}

func (s *Server) readOrder(_ *gin.Context, who payer) (idempotency.Response, error) {
	return idempotency.Response{Status: http.StatusOK, Body: encode(showPublicOrder(who.order))}, nil
}

type cardRequest struct {
	Number     string  `json:"number"`
	ExpMonth   int     `json:"exp_month"`
	ExpYear    int     `json:"exp_year"`
	CVC        string  `json:"cvc"`
	HolderName *string `json:"holder_name"`
}

// paymentRequest is what the page sends. What is to be paid is not in it: the order says that.
type paymentRequest struct {
	Method string       `json:"method"`
	Card   *cardRequest `json:"card"`
	VPA    *string      `json:"vpa"`
	Bank   *string      `json:"bank"`
}

// createPayment pays the order. The page's key for the attempt makes it one payment, however often the
// page has to ask, also after it was loaded again.
func (s *Server) createPayment(c *gin.Context, who payer) (idempotency.Response, error) {
	key, err := idempotency.ParseKey(c.Request.Header.Values("Idempotency-Key"))
	if err != nil {
		return idempotency.Response{}, err
	}
	if key == "" {
		return idempotency.Response{}, fault.On(fault.InvalidIdempotency, "Idempotency-Key", "Send an Idempotency-Key: without one, a request that is repeated pays twice.")
	}
	body, err := readBody(c)
	if err != nil {
		return idempotency.Response{}, err
	}
	var request paymentRequest
	if err := wire.Decode(body, &request); err != nil {
		return idempotency.Response{}, err
	}
	if request.Method == "" {
		return idempotency.Response{}, fault.On(fault.MissingField, "method", "method is missing.")
	}
	if err := s.refuseCardTesting(c.Request.Context(), who, key); err != nil {
		return idempotency.Response{}, err
	}
	params := payments.CreateParams{MerchantID: who.merchantID, OrderID: who.order.ID, Method: processor.Method(request.Method)}
	if request.VPA != nil {
		params.VPA = *request.VPA
	}
	if request.Bank != nil {
		params.Bank = *request.Bank
	}
	if card := request.Card; card != nil {
		params.Card = &processor.Card{Number: card.Number, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, CVC: card.CVC}
		if card.HolderName != nil {
			params.Card.HolderName = *card.HolderName
		}
	}
	return s.Payments.Create(c.Request.Context(), &idempotency.Claim{
		MerchantID: who.merchantID, Route: paymentRoute, Key: key, Fingerprint: s.Fingerprints.Sum(c.Request.URL.Path, body),
		Render: func(resource any, err error) idempotency.Response {
			if err != nil {
				status, body := renderProblem(c, err)
				return idempotency.Response{Status: status, Body: body}
			}
			return idempotency.Response{Status: http.StatusCreated, Body: encode(showAttempt(resource.(*payments.Payment)))}
		},
	}, params)
}

// refuseCardTesting ends an order of which too many payments have failed: the publishable key is public, so nothing else would
// stop a script from finding out here which of a list of cards are good. A payment link (a reusable order) has many customers, and no
// such bound. An attempt that has arrived before gets its answer.
func (s *Server) refuseCardTesting(ctx context.Context, who payer, key string) error {
	if who.order.Reusable {
		return nil
	}
	queries := dbsqlc.New()
	failed, err := queries.CheckoutFailedAttempts(ctx, s.DB, &dbsqlc.CheckoutFailedAttemptsParams{
		MerchantID: who.merchantID, OrderID: who.order.ID, Most: maxFailures,
	})
	if err != nil {
		return fmt.Errorf("error counting failed payments: %w", err)
	}
	if failed < maxFailures {
		return nil
	}
	_, err = queries.CheckoutAttemptGet(ctx, s.DB, &dbsqlc.CheckoutAttemptGetParams{MerchantID: who.merchantID, Route: paymentRoute, Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.RateLimited, "Too many payments of this order have failed. Ask the shop for a new one.")
	}
	if err != nil {
		return fmt.Errorf("error reading an attempt: %w", err)
	}
	return nil
}

// readBody reads a JSON body within bounds.
func readBody(c *gin.Context) ([]byte, error) {
	if mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, fault.On(fault.UnsupportedMediaType, "Content-Type", "The body must be JSON.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, fault.New(fault.BodyTooLarge, "The body is larger than %d KiB.", maxBody>>10)
		}
		return nil, fault.New(fault.MalformedJSON, "The body ended before it was complete.").Because(err)
	}
	return body, nil
}

// readAttempt tells how the payment of an attempt stands. The key of the attempt is what makes it this
// browser's: nobody else has it. With `after`, the updated_at of an earlier answer, it waits for news.
//
// It fails with not_found when no such attempt has arrived; what was refused is refused again.
func (s *Server) readAttempt(c *gin.Context, who payer) (idempotency.Response, error) {
	ctx := c.Request.Context()
	row, err := dbsqlc.New().CheckoutAttemptGet(ctx, s.DB, &dbsqlc.CheckoutAttemptGetParams{
		MerchantID: who.merchantID, Route: paymentRoute, Key: attemptKey(c),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return idempotency.Response{}, attemptNotFound()
	}
	if err != nil {
		return idempotency.Response{}, fmt.Errorf("error reading an attempt: %w", err)
	}
	if row.Status >= http.StatusBadRequest {
		return idempotency.Response{Status: int(row.Status), Body: row.Body}, nil
	}
	var first struct {
		PaymentID string `json:"payment_id"`
	}
	if err := json.Unmarshal(row.Body, &first); err != nil {
		return idempotency.Response{}, fmt.Errorf("error reading a remembered attempt: %w", err)
	}
	payment, err := s.Payments.Payment(ctx, who.merchantID, first.PaymentID)
	if err != nil {
		return idempotency.Response{}, err
	}
	if payment.OrderID == nil || *payment.OrderID != who.order.ID {
		return idempotency.Response{}, attemptNotFound()
	}
	if seen, err := time.Parse(time.RFC3339, c.Query("after")); err == nil && seen.Equal(time.Time(payment.UpdatedAt)) && !final(payment.Status) {
		if payment, err = s.news(ctx, who.merchantID, payment); err != nil {
			return idempotency.Response{}, err
		}
	}
	shown := showAttempt(payment)
	if payment.Status == payments.Success {
		signature, err := s.Storefronts.Sign(ctx, who.merchantID, shown.OrderID, shown.PaymentID)
		if err != nil {
			return idempotency.Response{}, err
		}
		shown.Signature = &signature
	}
	return idempotency.Response{Status: http.StatusOK, Body: encode(shown)}, nil
}

// attemptKey is the attempt in the path; what is no text was never remembered.
func attemptKey(c *gin.Context) string {
	key, err := idempotency.ParseKey([]string{c.Param("attempt")})
	if err != nil {
		return ""
	}
	return key
}

func attemptNotFound() error {
	return fault.On(fault.NotFound, "attempt", "No such attempt to pay has arrived.")
}

// news waits until the payment has changed, for a while, and reads it again.
func (s *Server) news(ctx context.Context, merchantID uuid.UUID, payment *payments.Payment) (*payments.Payment, error) {
	waiting, cancel := context.WithTimeout(ctx, longPoll)
	defer cancel()
	s.watcher.wait(waiting, payment.ID, time.Time(payment.UpdatedAt))
	return s.Payments.Payment(ctx, merchantID, payment.ID)
}

// final tells whether a payment's end is known, as far as the customer is concerned.
func final(status payments.Status) bool {
	switch status {
	case payments.Success, payments.Failed, payments.Canceled, payments.Authorized:
		return true
	case payments.Pending, payments.Processing, payments.RequiresAction:
	}
	return false
}
