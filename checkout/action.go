package checkout

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/payments"
	"paygate/processor"
)

// ActionPath and the payment's id is where the simulated bank asks its customer.
const ActionPath = "/acquirer/actions/"

// actionView is the bank's page.
type actionView struct {
	CSS      string
	Merchant string
	Amount   string
	// State is waiting, approved, declined or over.
	State string
	Path  string
}

// showAction is the page of the simulated bank. It needs no script, as the pages of real banks may not.
func (s *Server) showAction(c *gin.Context) {
	row, ok := s.action(c)
	if !ok {
		return
	}
	state := "over"
	if payments.Status(row.Status) == payments.RequiresAction {
		state = "waiting"
	}
	s.renderAction(c, row, state)
}

// completeAction takes the decision. Doing it again changes nothing.
func (s *Server) completeAction(c *gin.Context) {
	row, ok := s.action(c)
	if !ok {
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, 1<<10)
	decision := c.PostForm("decision")
	if decision != "approve" && decision != "decline" {
		refuse(c, fault.On(fault.InvalidValue, "decision", "decision must be approve or decline."))
		return
	}
	result, err := s.Actions.CompleteAction(c.Request.Context(), c.Param("reference"), decision == "approve")
	if err != nil {
		refuse(c, fault.New(fault.Unavailable, "The bank does not answer. Nothing was charged; try again.").Because(err))
		return
	}
	state := "over"
	switch result.Status {
	case processor.StatusApproved:
		state = "approved"
	case processor.StatusDeclined:
		state = "declined"
	case processor.StatusRequiresAction, processor.StatusNotFound:
	}
	s.renderAction(c, row, state)
}

func (s *Server) action(c *gin.Context) (*dbsqlc.CheckoutActionGetRow, bool) {
	reference := c.Param("reference")
	if !ids.Valid(ids.Payment, reference) {
		refuse(c, fault.New(fault.NotFound, "There is nothing to approve here."))
		return nil, false
	}
	row, err := dbsqlc.New().CheckoutActionGet(c.Request.Context(), s.DB, reference)
	if errors.Is(err, pgx.ErrNoRows) {
		refuse(c, fault.New(fault.NotFound, "There is nothing to approve here."))
		return nil, false
	}
	if err != nil {
		refuse(c, fmt.Errorf("error reading a payment to approve: %w", err))
		return nil, false
	}
	c.Set(keyMerchant, row.MerchantID)
	return row, true
}

func (s *Server) renderAction(c *gin.Context, row *dbsqlc.CheckoutActionGetRow, state string) {
	registered, err := s.Storefronts.Origins(c.Request.Context(), row.MerchantID)
	if err != nil {
		refuse(c, err)
		return
	}
	// Framed by the payment page, which itself is framed by the shop: a browser asks for all of them.
	ancestors := "'self'"
	if shop := s.ancestors(registered, true); shop != "'none'" {
		ancestors += " " + shop
	}
	policy := strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors " + ancestors,
	}, "; ")
	s.render(c, http.StatusOK, "action.html", actionView{
		CSS: "/assets/" + s.assets.manifest.Files.ActionCSS, Merchant: row.MerchantName,
		Amount: plainAmount(row.Amount, row.Currency), State: state, Path: ActionPath + c.Param("reference"),
	}, policy)
}

// plainAmount writes an amount the way a bank's plain page does: INR 500.00.
func plainAmount(amount int64, currency string) string {
	exponent, _ := payments.Exponent(currency)
	digits := fmt.Sprintf("%0*d", exponent+1, amount)
	whole, fraction := digits[:len(digits)-exponent], digits[len(digits)-exponent:]
	if fraction == "" {
		return currency + " " + whole
	}
	return currency + " " + whole + "." + fraction
}
