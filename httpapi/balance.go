package httpapi

import (
	"context"
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"paygate/db/ids"
	"paygate/idempotency"
	"paygate/page"
	"paygate/payments"
)

func (s *server) getBalance() handler {
	return get(func(ctx context.Context, call *call) (*payments.Balance, error) {
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Payments.Balance(ctx, call.caller.MerchantID)
	})
}

// listBalanceTransactions answers a page as JSON, or, asked for text/csv, all that the filter lets
// through as a stream.
func (s *server) listBalanceTransactions() handler {
	asPage := get(func(ctx context.Context, call *call) (*page.List[*payments.BalanceTransaction], error) {
		params := call.query.page(ids.Transfer)
		filter := balanceFilter(call)
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Payments.BalanceTransactions(ctx, call.caller.MerchantID, filter, params)
	})
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		if !wantsCSV(c.GetHeader("Accept")) {
			return asPage(c, call)
		}
		filter := balanceFilter(call)
		if err := call.query.check(); err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Response{}, s.exportBalance(c, call, filter)
	}
}

func balanceFilter(call *call) payments.BalanceFilter {
	return payments.BalanceFilter{
		Type:         call.query.oneOf("type", payments.BalanceTransactionTypes...),
		Currency:     call.query.currency("currency"),
		PaymentID:    call.query.id("payment_id", ids.Payment),
		CreatedFrom:  call.query.time("created_after"),
		CreatedUntil: call.query.time("created_before"),
	}
}

func wantsCSV(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if mediaType, _, err := mime.ParseMediaType(part); err == nil && mediaType == "text/csv" {
			return true
		}
	}
	return false
}

// exportStep is after how many rows a stream is flushed and its deadline moved on.
const exportStep = 1000

// exportBalance streams a CSV file (RFC 4180). Once its first line is out an error can only be told
// by breaking the connection off: a file that ends early must not look complete.
func (s *server) exportBalance(c *gin.Context, call *call, filter payments.BalanceFilter) error {
	control := http.NewResponseController(c.Writer)
	file := csv.NewWriter(c.Writer)
	rows := 0
	for row, err := range s.Payments.AllBalanceTransactions(call.whole, call.caller.MerchantID, filter) {
		if err != nil && rows == 0 {
			return err
		}
		if err == nil {
			if rows == 0 {
				startCSV(c, file)
			}
			err = file.Write(balanceRecord(row))
			rows++
		}
		if err == nil && rows%exportStep == 0 {
			file.Flush()
			if err = file.Error(); err == nil {
				err = control.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
		}
		if err != nil {
			return breakOff(c, control, err)
		}
	}
	if rows == 0 {
		startCSV(c, file)
	}
	if file.Flush(); file.Error() != nil {
		return breakOff(c, control, file.Error())
	}
	return errAnswered
}

func startCSV(c *gin.Context, file *csv.Writer) {
	c.Header("Content-Type", "text/csv; charset=utf-8; header=present")
	c.Header("Content-Disposition", `attachment; filename="balance-transactions.csv"`)
	c.Status(http.StatusOK)
	// A failure to write shows at the next flush.
	_ = file.Write([]string{"id", "created_at", "type", "amount_minor", "amount", "currency", "payment_id", "refund_id"})
}

func balanceRecord(row *payments.BalanceTransaction) []string {
	refundID := ""
	if row.RefundID != nil {
		refundID = *row.RefundID
	}
	return []string{
		row.ID, row.CreatedAt.String(), row.Type, strconv.FormatInt(row.Amount, 10),
		payments.Decimal(row.Amount, row.Currency), row.Currency, row.PaymentID, refundID,
	}
}

func breakOff(c *gin.Context, control *http.ResponseController, cause error) error {
	_ = c.Error(fmt.Errorf("error exporting the balance: %w", cause))
	if conn, _, err := control.Hijack(); err == nil {
		_ = conn.Close()
	}
	return errAnswered
}
