package payments

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
)

// account is a kind of account; with a merchant and a currency it is one account.
type account string

const (
	accAcquirer account = "acquirer"
	accBalance  account = "balance"
	accRefunds  account = "refunds"
	accFees     account = "fees"
)

// transferKind is what a transfer is for; it decides between which accounts.
type transferKind string

// The kinds of transfers.
const (
	transferCapture      transferKind = "capture"
	transferFee          transferKind = "fee"
	transferRefund       transferKind = "refund"
	transferRefundPaid   transferKind = "refund_paid"
	transferRefundFailed transferKind = "refund_failed"
)

// chart says which account each kind debits and which it credits.
var chart = map[transferKind]struct{ debit, credit account }{
	transferCapture:      {accAcquirer, accBalance},
	transferFee:          {accBalance, accFees},
	transferRefund:       {accBalance, accRefunds},
	transferRefundPaid:   {accRefunds, accAcquirer},
	transferRefundFailed: {accRefunds, accBalance},
}

// ledger gathers the transfers of one transaction.
type ledger struct {
	rows dbsqlc.TransferInsertManyParams
}

func (l *ledger) add(kind transferKind, merchantID uuid.UUID, amount int64, currency, paymentID, refundID string) {
	between := chart[kind]
	l.rows.Ids = append(l.rows.Ids, ids.New(ids.Transfer))
	l.rows.MerchantIds = append(l.rows.MerchantIds, merchantID)
	l.rows.Kinds = append(l.rows.Kinds, string(kind))
	l.rows.Debits = append(l.rows.Debits, string(between.debit))
	l.rows.Credits = append(l.rows.Credits, string(between.credit))
	l.rows.Amounts = append(l.rows.Amounts, amount)
	l.rows.Currencies = append(l.rows.Currencies, currency)
	l.rows.PaymentIds = append(l.rows.PaymentIds, paymentID)
	l.rows.RefundIds = append(l.rows.RefundIds, refundID)
}

func (l *ledger) addRefund(kind transferKind, row *dbsqlc.Refund) {
	l.add(kind, row.MerchantID, row.Amount, row.Currency, row.PaymentID, row.ID)
}

// addCaptures books captured payments, each with its merchant's fee.
func (l *ledger) addCaptures(captured []*dbsqlc.Payment, fees map[uuid.UUID]Fee) error {
	for _, row := range captured {
		fee, known := fees[row.MerchantID]
		if !known {
			return fmt.Errorf("payment %s belongs to merchant %s, which is not there", row.ID, row.MerchantID)
		}
		l.add(transferCapture, row.MerchantID, row.AmountCaptured, row.Currency, row.ID, "")
		if amount := fee.On(row.AmountCaptured); amount > 0 {
			l.add(transferFee, row.MerchantID, amount, row.Currency, row.ID, "")
		}
	}
	return nil
}

// store writes the transfers into the transaction of what they book.
func (l *ledger) store(ctx context.Context, tx pgx.Tx, now time.Time) error {
	if len(l.rows.Ids) == 0 {
		return nil
	}
	l.rows.CreatedAt = now
	if err := dbsqlc.New().TransferInsertMany(ctx, tx, &l.rows); err != nil {
		return fmt.Errorf("error booking transfers: %w", err)
	}
	return nil
}
