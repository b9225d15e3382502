// Package acquirertest holds an Acquirer against the promises of its interface. The adapter of a real
// acquirer runs it against that acquirer's sandbox.
package acquirertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/processor"
)

// Subject is what the contract is tried on.
type Subject struct {
	Acquirer processor.Acquirer
	// Card is one that the acquirer approves without the customer's doing.
	Card processor.Card
	// Currency that the acquirer settles in.
	Currency string
}

// callers is how many do the same thing at once where that is the question.
const callers = 50

// Run tries every promise in a parallel subtest of its own. setup is called for each.
func Run(t *testing.T, setup func(t *testing.T) *Subject) {
	t.Helper()
	c := contract{setup}
	t.Run("AnswersAReferenceOnce", c.answersAReferenceOnce)
	t.Run("CancelsOnlyTheUncaptured", c.cancelsOnlyTheUncaptured)
	t.Run("CapturesOnce", c.capturesOnce)
	t.Run("CapturesOrCancels", c.capturesOrCancels)
	t.Run("KeepsAReferenceToItsOperation", c.keepsAReferenceToItsOperation)
	t.Run("KnowsNothingOfTheUnknown", c.knowsNothingOfTheUnknown)
	t.Run("NeverCapturesMoreThanAuthorized", c.neverCapturesMoreThanAuthorized)
	t.Run("NeverRefundsMoreThanCaptured", c.neverRefundsMoreThanCaptured)
	t.Run("NeverRefundsMoreThanCapturedAtOnce", c.neverRefundsMoreThanCapturedAtOnce)
	t.Run("RefusesBadCards", c.refusesBadCards)
	t.Run("SendsNothingForAFinishedContext", c.sendsNothingForAFinishedContext)
	t.Run("TokenHidesTheNumber", c.tokenHidesTheNumber)
}

type contract struct {
	setup func(t *testing.T) *Subject
}

func (c contract) answersAReferenceOnce(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	req := s.request(t, 50000, true)
	results := atOnce(t, func(int) (processor.Result, error) { return s.Acquirer.Authorize(t.Context(), req) })
	require.Equal(t, processor.StatusApproved, results[0].Status)
	require.EqualValues(t, 50000, results[0].Amount)
	for _, result := range results {
		require.Equal(t, results[0], result)
	}
	require.Equal(t, results[0], s.lookup(t, req.Reference))

	// Charged once: not a unit more can be given back.
	require.Equal(t, processor.StatusApproved, s.refund(t, req.Reference, 50000).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, req.Reference, 1).Status)
}

func (c contract) keepsAReferenceToItsOperation(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	req := s.authorized(t, 50000, false)

	amount, currency, sale := req, req, req
	amount.Amount++
	currency.Currency = "XTS"
	sale.Capture = true
	for _, other := range []processor.AuthorizeRequest{amount, currency, sale} {
		_, err := s.Acquirer.Authorize(t.Context(), other)
		require.ErrorIs(t, err, processor.ErrRejected)
	}
	_, err := s.Acquirer.Capture(t.Context(), processor.CaptureRequest{Reference: req.Reference, PaymentReference: req.Reference, Amount: 50000})
	require.ErrorIs(t, err, processor.ErrRejected)

	capture := processor.CaptureRequest{Reference: req.Reference + "_capture", PaymentReference: req.Reference, Amount: 20000}
	_, err = s.Acquirer.Capture(t.Context(), capture)
	require.NoError(t, err)
	capture.Amount = 30000
	_, err = s.Acquirer.Capture(t.Context(), capture)
	require.ErrorIs(t, err, processor.ErrRejected)

	// A charge cannot take the reference of a capture either.
	taken := req
	taken.Reference = capture.Reference
	_, err = s.Acquirer.Authorize(t.Context(), taken)
	require.ErrorIs(t, err, processor.ErrRejected)
}

func (c contract) knowsNothingOfTheUnknown(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment, other := ids.New(ids.Payment), ids.New(ids.Refund)
	require.Equal(t, processor.Result{Status: processor.StatusNotFound}, s.lookup(t, payment))
	require.Equal(t, processor.StatusNotFound, s.capture(t, payment, 1).Status)
	require.Equal(t, processor.StatusNotFound, s.cancel(t, payment).Status)

	result, err := s.Acquirer.Refund(t.Context(), processor.RefundRequest{Reference: other, PaymentReference: payment, Amount: 1})
	require.NoError(t, err)
	require.Equal(t, processor.StatusNotFound, result.Status)
	require.Equal(t, processor.StatusNotFound, s.lookup(t, other).Status)
}

func (c contract) capturesOnce(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 50000, false).Reference

	req := processor.CaptureRequest{Reference: payment + "_capture", PaymentReference: payment, Amount: 20000}
	results := atOnce(t, func(int) (processor.Result, error) { return s.Acquirer.Capture(t.Context(), req) })
	require.Equal(t, processor.StatusApproved, results[0].Status)
	require.EqualValues(t, 20000, results[0].Amount)
	for _, result := range results {
		require.Equal(t, results[0], result)
	}
	require.Equal(t, results[0], s.lookup(t, req.Reference))

	req.Reference = payment + "_again"
	again, err := s.Acquirer.Capture(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, processor.StatusDeclined, again.Status)
	require.NotEmpty(t, again.Code)
	require.NotEmpty(t, again.Message)
	require.Equal(t, again, s.lookup(t, req.Reference), "a refusal is remembered too")
}

func (c contract) neverCapturesMoreThanAuthorized(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 50000, false).Reference
	require.Equal(t, processor.StatusDeclined, s.capture(t, payment, 50001).Status)
	require.Equal(t, processor.StatusApproved, s.capture(t, payment, 50000).Status)

	sale := s.authorized(t, 50000, true).Reference
	require.Equal(t, processor.StatusDeclined, s.capture(t, sale, 1).Status, "a sale is captured already")
}

func (c contract) cancelsOnlyTheUncaptured(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 50000, false).Reference
	require.Equal(t, processor.StatusApproved, s.cancel(t, payment).Status)
	require.Equal(t, processor.StatusDeclined, s.cancel(t, payment).Status, "it is canceled already")
	require.Equal(t, processor.StatusDeclined, s.capture(t, payment, 1).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 1).Status)

	captured := s.authorized(t, 50000, false).Reference
	require.Equal(t, processor.StatusApproved, s.capture(t, captured, 1).Status)
	require.Equal(t, processor.StatusDeclined, s.cancel(t, captured).Status)

	sale := s.authorized(t, 50000, true).Reference
	require.Equal(t, processor.StatusDeclined, s.cancel(t, sale).Status)
}

func (c contract) capturesOrCancels(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 50000, false).Reference
	results := atOnce(t, func(i int) (processor.Result, error) {
		if i%2 == 0 {
			return s.Acquirer.Capture(t.Context(), processor.CaptureRequest{Reference: ids.New("cap_"), PaymentReference: payment, Amount: 50000})
		}
		return s.Acquirer.Cancel(t.Context(), processor.CancelRequest{Reference: ids.New("cancel_"), PaymentReference: payment})
	})
	require.Len(t, approved(results), 1)
}

func (c contract) neverRefundsMoreThanCaptured(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 50000, false).Reference
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 1).Status, "nothing is captured yet")
	require.Equal(t, processor.StatusApproved, s.capture(t, payment, 30000).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 30001).Status)
	require.Equal(t, processor.StatusApproved, s.refund(t, payment, 10000).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 20001).Status)
	require.Equal(t, processor.StatusApproved, s.refund(t, payment, 20000).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 1).Status)
}

func (c contract) neverRefundsMoreThanCapturedAtOnce(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	payment := s.authorized(t, 1000, true).Reference
	results := atOnce(t, func(i int) (processor.Result, error) {
		// Each refund is asked for twice, as after a lost answer.
		reference := fmt.Sprintf("%s_refund_%d", payment, i/2)
		return s.Acquirer.Refund(t.Context(), processor.RefundRequest{Reference: reference, PaymentReference: payment, Amount: 70})
	})
	for i := 0; i < len(results); i += 2 {
		require.Equal(t, results[i], results[i+1])
	}
	require.Len(t, approved(results), 2*(1000/70))
	require.Equal(t, processor.StatusApproved, s.refund(t, payment, 1000%70).Status)
	require.Equal(t, processor.StatusDeclined, s.refund(t, payment, 1).Status)
}

func (c contract) refusesBadCards(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	number, month, year, cvc := s.Card, s.Card, s.Card, s.Card
	number.Number = "4242424242424241"
	month.ExpMonth = 13
	year.ExpYear = 2001
	cvc.CVC = "1"
	for param, bad := range map[string]processor.Card{
		"card.number": number, "card.exp_month": month, "card.exp_year": year, "card.cvc": cvc,
	} {
		_, err := s.Acquirer.Tokenize(t.Context(), bad)
		var public *fault.Error
		require.ErrorAs(t, err, &public)
		require.Equal(t, param, public.Param)
		if param == "card.exp_year" {
			require.Equal(t, fault.ExpiredCard, public.Code)
		} else {
			require.Equal(t, fault.InvalidCard, public.Code)
		}
		require.NotContains(t, err.Error(), bad.Number)
	}
}

func (c contract) tokenHidesTheNumber(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	token, err := s.Acquirer.Tokenize(t.Context(), s.Card)
	require.NoError(t, err)
	require.Equal(t, s.Card.Number[len(s.Card.Number)-4:], token.Last4)
	require.False(t, strings.Contains(token.Token, s.Card.Number[:12]), "the token contains the number") //nolint:testifylint // NotContains would print it
}

func (c contract) sendsNothingForAFinishedContext(t *testing.T) {
	t.Parallel()
	s := c.setup(t)

	req := s.request(t, 50000, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Acquirer.Authorize(ctx, req)
	require.Error(t, err)
	require.NotErrorIs(t, err, processor.ErrRejected)
	require.Equal(t, processor.StatusNotFound, s.lookup(t, req.Reference).Status)
}

func (s *Subject) request(t *testing.T, amount int64, capture bool) processor.AuthorizeRequest {
	t.Helper()
	token, err := s.Acquirer.Tokenize(t.Context(), s.Card)
	require.NoError(t, err)
	return processor.AuthorizeRequest{
		Reference: ids.New(ids.Payment),
		Amount:    amount,
		Currency:  s.Currency,
		Capture:   capture,
		Method:    processor.MethodCard,
		Token:     token.Token,
	}
}

func (s *Subject) authorized(t *testing.T, amount int64, capture bool) processor.AuthorizeRequest {
	t.Helper()
	req := s.request(t, amount, capture)
	result, err := s.Acquirer.Authorize(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, processor.StatusApproved, result.Status)
	return req
}

func (s *Subject) capture(t *testing.T, payment string, amount int64) processor.Result {
	t.Helper()
	result, err := s.Acquirer.Capture(t.Context(), processor.CaptureRequest{Reference: ids.New("cap_"), PaymentReference: payment, Amount: amount})
	require.NoError(t, err)
	return result
}

func (s *Subject) cancel(t *testing.T, payment string) processor.Result {
	t.Helper()
	result, err := s.Acquirer.Cancel(t.Context(), processor.CancelRequest{Reference: ids.New("cancel_"), PaymentReference: payment})
	require.NoError(t, err)
	return result
}

func (s *Subject) refund(t *testing.T, payment string, amount int64) processor.Result {
	t.Helper()
	result, err := s.Acquirer.Refund(t.Context(), processor.RefundRequest{Reference: ids.New(ids.Refund), PaymentReference: payment, Amount: amount})
	require.NoError(t, err)
	return result
}

func (s *Subject) lookup(t *testing.T, reference string) processor.Result {
	t.Helper()
	result, err := s.Acquirer.Lookup(t.Context(), reference)
	require.NoError(t, err)
	return result
}

// atOnce calls do from all callers at the same moment.
func atOnce(t *testing.T, do func(i int) (processor.Result, error)) []processor.Result {
	t.Helper()
	results, errs := make([]processor.Result, callers), make([]error, callers)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			<-start
			results[i], errs[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return results
}

func approved(results []processor.Result) []processor.Result {
	var out []processor.Result
	for _, result := range results {
		if result.Status == processor.StatusApproved {
			out = append(out, result)
		}
	}
	return out
}
