package payments

// What the tests of the package see beyond its API.

type (
	// Transition is one row of the state machine.
	Transition struct {
		From, To Status
		Cause    string
	}
	// Step is a fail point.
	Step = step
)

// Transitions returns the state machine.
func Transitions() []Transition {
	out := make([]Transition, len(transitions))
	for i, t := range transitions {
		out[i] = Transition{t.from, t.to, string(t.cause)}
	}
	return out
}

// FailAt has f called at each step.
func (s *Service) FailAt(f func(Step)) { s.failpoint = f }

// CrashSteps are those of charging, of finishing a decision and of a refund.
var (
	ChargeSteps = []Step{stepProcess, stepBeginning, stepBegun, stepCharged, stepSettling, stepSettled}
	FinishSteps = []Step{stepFinish, stepFinished, stepEnding, stepEnded}
	RefundSteps = []Step{stepRefund, stepRefunded, stepRefundSettling, stepRefundSettled}
)

// MinorUnits is the table of currencies.
func MinorUnits() map[string]int { return exponents }
