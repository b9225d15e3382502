package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"

	"paygate/fault"
	"paygate/gate"
	"paygate/idempotency"
)

// class is a kind of request that is counted apart from the others, so that who lists a lot can still
// take payments. Its name is that of the policy in the RateLimit headers.
type class string

const (
	reads  class = "read"
	writes class = "write"
)

// class of a route follows from its method, so that none can be added without a limit.
func (r route) class() class {
	if r.method == http.MethodGet {
		return reads
	}
	return writes
}

// admit asks the gate about a request: whether its caller may send one more now, and whether its
// idempotency key is known there. Both cost one round trip, shared with other requests.
func (s *server) admit(c *gin.Context, r route, call *call) error {
	if s.Gate == nil {
		return nil
	}
	ask := gate.Ask{Bucket: bucketOf(call) + ":" + string(r.class()), Rate: s.rateOf(call), Span: trace.SpanFromContext(c.Request.Context())}
	if r.method == http.MethodPost {
		// A key that is none is refused later, by what reads it for good.
		if key, err := idempotency.ParseKey(c.Request.Header.Values(headerIdempotencyKey)); err == nil && key != "" {
			call.copy = s.Fingerprints.Copy(call.caller.MerchantID, routeName(c), key)
			ask.Name = call.copy.Name()
		}
	}
	answer := s.Gate.Pass(ask)
	call.found = answer.Found
	if ask.Rate.IsZero() {
		return nil
	}
	return tell(c, r.class(), ask.Rate, answer.Standing)
}

// tell puts the standing of a limit into the answer, whatever that will be
// (draft-ietf-httpapi-ratelimit-headers-11), and refuses the request when it is over the limit.
func tell(c *gin.Context, name class, rate gate.Rate, standing gate.Standing) error {
	// In t seconds no more than r requests can be made: until then nothing is added to them. On a
	// refusal that is Retry-After, as the draft wants it.
	next := roundUp(standing.Next)
	c.Header("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", name, rate.Requests, int(rate.Per.Seconds())))
	c.Header("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", name, standing.Remaining, int(next.Seconds())))
	if standing.Allowed {
		return nil
	}
	return fault.New(fault.RateLimited, "Too many requests: the limit for each key is %s for requests of the kind %q. Send this one again after the pause in Retry-After.",
		rate, name).After(next)
}

// rateOf is the limit of a caller. People at the dashboard are not limited.
func (s *server) rateOf(call *call) gate.Rate {
	if s.Authenticate != nil {
		return gate.Rate{}
	}
	if call.caller.RateLimit != "" {
		if own, err := gate.ParseRate(call.caller.RateLimit); err == nil { // the database takes no other
			return own
		}
	}
	return s.RateLimit
}

// bucketOf names who is counted: a key, or in the open sandbox its merchant.
func bucketOf(call *call) string {
	if call.caller.KeyID != "" {
		return call.caller.KeyID
	}
	return call.caller.MerchantID.String()
}

// routeName is what an idempotency key belongs to, beside its merchant.
func routeName(c *gin.Context) string { return c.Request.Method + " " + c.FullPath() }

// roundUp gives whole seconds, which is what headers hold.
func roundUp(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
