// Package payments is the domain of money: orders, payments and refunds, the states they go
// through, and the transactions that move them.
//
// Nothing here checks and then acts: the statement that takes the money is the check. What
// many callers want at once is gathered into one transaction (db/groupcommit), so each
// operation is written for a batch.
package payments

import (
	"encoding/json"
	"fmt"

	"paygate/db/dbsqlc"
	"paygate/wire"
)

// Status is the state of a payment. States only move forward.
type Status string

// The states of a payment.
const (
	// Pending is accepted and committed; no acquirer has been asked.
	Pending Status = "pending"
	// Processing may have been charged: only the acquirer knows.
	Processing Status = "processing"
	// RequiresAction waits for the customer at next_action.url.
	RequiresAction Status = "requires_action"
	// Authorized is held, to be captured or canceled.
	Authorized Status = "authorized"
	// Success, Failed and Canceled are final.
	Success  Status = "success"
	Failed   Status = "failed"
	Canceled Status = "canceled"
)

// Capture says when an authorized amount is taken.
type Capture string

// When to capture.
const (
	CaptureAutomatic Capture = "automatic"
	CaptureManual    Capture = "manual"
)

// Payment is a payment as the API and the webhooks show it. Amounts are in minor units.
type Payment struct {
	ID             string        `json:"id"`
	Object         string        `json:"object"`
	Amount         int64         `json:"amount"`
	Currency       string        `json:"currency"`
	Status         Status        `json:"status"`
	OrderID        *string       `json:"order_id"`
	Method         *string       `json:"method"`
	Capture        Capture       `json:"capture"`
	AmountCaptured int64         `json:"amount_captured"`
	AmountRefunded int64         `json:"amount_refunded"`
	CardBrand      *string       `json:"card_brand"`
	CardLast4      *string       `json:"card_last4"`
	CardExpMonth   *int16        `json:"card_exp_month"`
	CardExpYear    *int16        `json:"card_exp_year"`
	VPA            *string       `json:"vpa"`
	Bank           *string       `json:"bank"`
	FailureCode    *string       `json:"failure_code"`
	FailureMessage *string       `json:"failure_message"`
	NextAction     *NextAction   `json:"next_action"`
	Metadata       wire.Metadata `json:"metadata"`
	CreatedAt      wire.Time     `json:"created_at"`
	UpdatedAt      wire.Time     `json:"updated_at"`

	encoded []byte // see Encoded
}

// Encoded implements wire.Encoded.
func (p *Payment) Encoded() []byte { return p.encoded }

// NextAction tells where to send the customer.
type NextAction struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

func showPayment(row *dbsqlc.Payment) *Payment {
	return showPaymentWith(row, metadataOf(row.Metadata))
}

// showPaymentWith shows a payment whose metadata need not be read from its row.
func showPaymentWith(row *dbsqlc.Payment, metadata wire.Metadata) *Payment {
	payment := &Payment{
		ID: row.ID, Object: "payment", Amount: row.Amount, Currency: row.Currency, Status: Status(row.Status),
		OrderID: row.OrderID, Method: row.Method, Capture: Capture(row.Capture),
		AmountCaptured: row.AmountCaptured, AmountRefunded: row.AmountRefunded,
		CardBrand: row.CardBrand, CardLast4: row.CardLast4, CardExpMonth: row.CardExpMonth, CardExpYear: row.CardExpYear,
		VPA: row.Vpa, Bank: row.Bank, FailureCode: row.FailureCode, FailureMessage: row.FailureMessage,
		Metadata: metadata, CreatedAt: wire.Time(row.CreatedAt), UpdatedAt: wire.Time(row.UpdatedAt),
	}
	if row.NextActionURL != nil {
		payment.NextAction = &NextAction{Type: "redirect", URL: *row.NextActionURL}
	}
	return payment
}

// metadataOf reads a metadata column. What we stored we can read: anything else is corruption.
func metadataOf(column json.RawMessage) wire.Metadata {
	if string(column) == "{}" {
		return nil
	}
	var metadata map[string]string
	if err := json.Unmarshal(column, &metadata); err != nil {
		panic(fmt.Sprintf("metadata column holds no object of strings: %v", err))
	}
	return metadata
}

func metadataColumn(metadata wire.Metadata) (string, error) {
	if len(metadata) == 0 {
		return "{}", nil
	}
	text, err := wire.Encode(metadata)
	if err != nil {
		return "", fmt.Errorf("error encoding metadata: %w", err)
	}
	return string(text), nil
}
