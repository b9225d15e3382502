package processor

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// chance is a number in [0,1) for a reference, the same in every process and at every time. Each
// aspect of an operation draws its own.
func (s *Simulator) chance(aspect, reference string) float64 {
	// A cryptographic hash not for secrecy but because short ids that differ in their last character
	// come out evenly spread; FNV leaves their upper bits alike.
	hash := sha256.New()
	_ = binary.Write(hash, binary.BigEndian, s.config.Seed)
	_, _ = hash.Write([]byte(aspect + "\x00" + reference))
	return float64(binary.BigEndian.Uint64(hash.Sum(nil))>>11) / (1 << 53)
}

// decide rules on a charge: the instrument's outcome, or the method's success rate.
func (s *Simulator) decide(req AuthorizeRequest, outcome Outcome) (Status, string) {
	switch outcome {
	case OutcomeSuccess, OutcomeSlow, OutcomeTimeoutCharged, OutcomeTimeoutNotCharged, OutcomeAnsweredTwice,
		OutcomeRefundFails, OutcomeRefundTimeout:
		return StatusApproved, ""
	case OutcomeRequiresAction:
		return StatusRequiresAction, ""
	case OutcomeCardDeclined, OutcomeInsufficientFunds, OutcomeLostCard, OutcomeStolenCard, OutcomeExpiredCard,
		OutcomeIncorrectCVC, OutcomeProcessingError, OutcomePaymentDeclined, outcomeInvalidToken:
		return StatusDeclined, string(outcome)
	case OutcomeOrdinary:
	}
	rate, code := 1.0, CodePaymentDeclined
	switch req.Method {
	case MethodCard:
		rate, code = *s.config.CardSuccessRate, CodeCardDeclined
	case MethodUPI:
		rate = *s.config.UPISuccessRate
	case MethodNetbanking:
		rate = *s.config.NetbankingSuccessRate
	case MethodUnspecified:
	}
	if s.chance("decision", req.Reference) < rate {
		return StatusApproved, ""
	}
	return StatusDeclined, code
}

func (s *Simulator) latency(op operation) time.Duration {
	spread := float64(s.config.LatencyMax - s.config.LatencyMin)
	latency := s.config.LatencyMin + time.Duration(spread*s.chance("latency", op.reference))
	if op.outcome == OutcomeSlow {
		latency += s.config.SlowLatency
	}
	return latency
}
