package payments

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"paygate/db/dbsqlc"
	"paygate/page"
	"paygate/wire"
)

// Balance is what the ledger says of a merchant, by currency.
type Balance struct {
	Object     string            `json:"object"`
	Currencies []CurrencyBalance `json:"currencies"`
}

// CurrencyBalance is the balances of a merchant's accounts in one currency, in minor units.
type CurrencyBalance struct {
	Currency string `json:"currency"`
	// Available is what we owe the merchant; negative when refunds and fees exceed captures.
	Available int64 `json:"available"`
	// PendingRefunds is promised to customers and not paid back yet.
	PendingRefunds int64 `json:"pending_refunds"`
	// Fees is what the merchant has paid us.
	Fees int64 `json:"fees"`
	// Acquirer is what the acquirer owes for the merchant: always the sum of the other three.
	Acquirer int64 `json:"acquirer"`
}

// Balance sums the merchant's ledger.
func (s *Service) Balance(ctx context.Context, merchantID uuid.UUID) (*Balance, error) {
	rows, err := dbsqlc.New().BalanceByAccount(ctx, s.reads, merchantID)
	if err != nil {
		return nil, fmt.Errorf("error summing the ledger: %w", err)
	}
	balance := &Balance{Object: "balance", Currencies: []CurrencyBalance{}}
	for _, row := range rows {
		last := len(balance.Currencies) - 1
		if last < 0 || balance.Currencies[last].Currency != row.Currency {
			balance.Currencies = append(balance.Currencies, CurrencyBalance{Currency: row.Currency})
			last++
		}
		of := &balance.Currencies[last]
		switch account(row.Account) {
		case accBalance:
			of.Available = row.Balance
		case accRefunds:
			of.PendingRefunds = row.Balance
		case accFees:
			of.Fees = row.Balance
		case accAcquirer:
			of.Acquirer = -row.Balance
		}
	}
	return balance, nil
}

// BalanceTransactionTypes are the values of BalanceTransaction.Type.
var BalanceTransactionTypes = []string{
	string(transferCapture), string(transferFee), string(transferRefund), string(transferRefundFailed),
}

// BalanceTransaction is one movement of the merchant's balance.
type BalanceTransaction struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Type   string `json:"type"`
	// Amount is signed: what it added to the balance, in minor units.
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	PaymentID string    `json:"payment_id"`
	RefundID  *string   `json:"refund_id"`
	CreatedAt wire.Time `json:"created_at"`
}

func showBalanceTransaction(row *dbsqlc.LedgerTransfer) *BalanceTransaction {
	amount := row.Amount
	if account(row.Debit) == accBalance {
		amount = -amount
	}
	return &BalanceTransaction{
		ID: row.ID, Object: "balance_transaction", Type: row.Kind, Amount: amount, Currency: row.Currency,
		PaymentID: row.PaymentID, RefundID: orNil(row.RefundID), CreatedAt: wire.Time(row.CreatedAt),
	}
}

// BalanceFilter narrows a list; nil means any.
type BalanceFilter struct {
	Type, Currency, PaymentID *string
	// CreatedFrom is inclusive, CreatedUntil exclusive.
	CreatedFrom, CreatedUntil *time.Time
}

// BalanceTransactions returns a page of movements, newest first.
func (s *Service) BalanceTransactions(ctx context.Context, merchantID uuid.UUID, filter BalanceFilter, params page.Params) (*page.List[*BalanceTransaction], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.LedgerTransfer, *BalanceTransaction]{
		At: func(id string) (time.Time, error) {
			row, err := queries.TransferGet(ctx, s.reads, &dbsqlc.TransferGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.LedgerTransfer, error) {
			return queries.BalanceTransactionListPage(ctx, s.reads, &dbsqlc.BalanceTransactionListPageParams{
				MerchantID: merchantID, BeforeAt: at, BeforeID: id, RowLimit: limit,
				Kind: filter.Type, Currency: filter.Currency, PaymentID: filter.PaymentID,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.LedgerTransfer, error) {
			return queries.BalanceTransactionListPageUp(ctx, s.reads, &dbsqlc.BalanceTransactionListPageUpParams{
				MerchantID: merchantID, AfterAt: at, AfterID: id, RowLimit: limit,
				Kind: filter.Type, Currency: filter.Currency, PaymentID: filter.PaymentID,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Show: showBalanceTransaction,
	})
}

// exportPage is how many rows an export holds in memory at once.
const exportPage = 1000

// exportTimeout bounds the reading of a page: an export may take long, but does not hang.
const exportTimeout = 15 * time.Second

// AllBalanceTransactions reads every movement that the filter lets through, newest first, in
// bounded memory. It ends after an error.
func (s *Service) AllBalanceTransactions(ctx context.Context, merchantID uuid.UUID, filter BalanceFilter) iter.Seq2[*BalanceTransaction, error] {
	return func(yield func(*BalanceTransaction, error) bool) {
		var at *time.Time
		var id string
		for {
			page, cancel := context.WithTimeout(ctx, exportTimeout)
			rows, err := dbsqlc.New().BalanceTransactionListPage(page, s.reads, &dbsqlc.BalanceTransactionListPageParams{
				MerchantID: merchantID, BeforeAt: at, BeforeID: id, RowLimit: exportPage,
				Kind: filter.Type, Currency: filter.Currency, PaymentID: filter.PaymentID,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
			cancel()
			if err != nil {
				yield(nil, fmt.Errorf("error reading the ledger: %w", err))
				return
			}
			for _, row := range rows {
				if !yield(showBalanceTransaction(row), nil) {
					return
				}
			}
			if len(rows) < exportPage {
				return
			}
			last := rows[len(rows)-1]
			at, id = &last.CreatedAt, last.ID
		}
	}
}

// Decimal writes an amount of minor units in the currency's own unit, exactly: 50000 INR is
// 500.00, 500 JPY is 500, -1005 KWD is -1.005.
func Decimal(amount int64, currency string) string {
	exponent := exponents[currency]
	digits := fmt.Sprintf("%0*d", exponent+1, amount) // at least one digit before the point
	if amount < 0 {
		digits = fmt.Sprintf("%0*d", exponent+2, amount) // the sign counts as one
	}
	if exponent == 0 {
		return digits
	}
	point := len(digits) - exponent
	return digits[:point] + "." + digits[point:]
}
