package payments

// step is a moment in the work of a worker at which a crash leaves the acquirer and us with different
// pictures. A test ends its process there; see Service.failpoint. Nothing outside this package's
// tests can set one, so production pays one comparison with nil and cannot be made to fail.
type step string

// The steps of charging a payment, of finishing one that was decided, and of paying a refund back. The
// ones in -ing are inside the transaction, just before its commit.
const (
	stepProcess   step = "process"
	stepBeginning step = "beginning"
	stepBegun     step = "begun"
	stepCharged   step = "charged"
	stepSettling  step = "settling"
	stepSettled   step = "settled"

	stepFinish   step = "finish"
	stepFinished step = "finished"
	stepEnding   step = "ending"
	stepEnded    step = "ended"

	stepRefund         step = "refund"
	stepRefunded       step = "refunded"
	stepRefundSettling step = "refund_settling"
	stepRefundSettled  step = "refund_settled"
)

// reach tells a test that the work has come to a step.
func (s *Service) reach(at step) {
	if s.failpoint != nil {
		s.failpoint(at)
	}
}
