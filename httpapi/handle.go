package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/gin-gonic/gin"

	"paygate/db"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/merchants"
	"paygate/wire"
)

// maxBody is the largest request body, in bytes; metadata at its bounds fits several times.
const maxBody = 256 << 10

// call is a request after everything that all requests have in common.
type call struct {
	// caller is zero on an open route.
	caller merchants.Caller
	// id is the `:id` of the path.
	id    string
	query *query
	// copy is where the answer to the request's idempotency key may be found quickly, and found is
	// what was there. Both are nil for a request without a key.
	copy  *idempotency.Copy
	found []byte
	// whole is the context of the request without RequestTimeout, for what streams.
	whole context.Context //nolint:containedctx // it is the request's
}

// errAnswered is returned by the few handlers that write an answer of another kind themselves.
var errAnswered = errors.New("the handler has answered")

// handler answers an authenticated call. An error is rendered by the adapter; handlers never do.
type handler func(c *gin.Context, call *call) (idempotency.Response, error)

// adapt turns a route's handler into Gin's. It alone authenticates, answers and reports errors.
func (s *server) adapt(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		answer, err := s.serve(c, r)
		if errors.Is(err, errAnswered) {
			return
		}
		if err != nil {
			s.refuse(c, err)
			return
		}
		if answer.Replayed {
			c.Header("Idempotent-Replayed", "true")
		}
		respond(c, answer.Status, answer.Body)
	}
}

func (s *server) serve(c *gin.Context, r route) (idempotency.Response, error) {
	call := &call{id: c.Param("id"), query: newQuery(c.Request.URL.RawQuery), whole: c.Request.Context()}
	request := c.Request
	ctx, cancel := context.WithTimeout(request.Context(), s.RequestTimeout)
	defer func() {
		cancel()
		c.Request = request // what looks later asks whether its caller has left
	}()
	c.Request = request.WithContext(ctx)
	if r.access != open {
		caller, err := db.Read(ctx, func() (merchants.Caller, error) { return s.authenticate(ctx, c) })
		if err != nil {
			return idempotency.Response{}, err
		}
		if r.access == needsKey && s.Authenticate != nil {
			return idempotency.Response{}, fault.New(fault.RouteNotFound, "This is for API keys alone.")
		}
		call.caller = caller
		c.Set(keyMerchant, caller.MerchantID)
		if err := s.admit(c, r, call); err != nil {
			return idempotency.Response{}, err
		}
	}
	return r.handler(c, call)
}

func respond(c *gin.Context, status int, body []byte) {
	contentType := typeJSON
	if status >= http.StatusBadRequest {
		contentType = typeProblem
	}
	if len(body) == 0 {
		c.Status(status)
		return
	}
	c.Data(status, contentType, body)
}

// refuse answers with an error. What is our own failure goes into the log, here and nowhere else.
func (s *server) refuse(c *gin.Context, err error) {
	public := db.PublicError(err)
	c.Set(keyCode, public.Code)
	if public.Code == fault.CredentialsMissing || public.Code == fault.CredentialsInvalid {
		c.Header("WWW-Authenticate", `Bearer realm="paygate"`)
	}
	if public.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(roundUp(public.RetryAfter).Seconds())))
	}
	status, body := originOf(c).problem(err)
	if status >= http.StatusInternalServerError {
		_ = c.Error(err) // the canonical log line, and the span, take it from there
	}
	respond(c, status, body)
}

// get adapts a read.
func get[Resource any](read func(ctx context.Context, call *call) (Resource, error)) handler {
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		ctx := c.Request.Context()
		resource, err := db.Read(ctx, func() (Resource, error) { return read(ctx, call) })
		if err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Response{Status: http.StatusOK, Body: encode(resource)}, nil
	}
}

// post adapts a write that an idempotency key may guard. status is that of success; write makes
// its answer with the claim.
func post[Request any](s *server, r spec, write func(ctx context.Context, call *call, claim *idempotency.Claim, req *Request) (idempotency.Response, error)) handler {
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		if err := call.query.check(); err != nil {
			return idempotency.Response{}, err
		}
		key, err := idempotency.ParseKey(c.Request.Header.Values(headerIdempotencyKey))
		if err != nil {
			return idempotency.Response{}, err
		}
		body, err := readBody(c, r.bodyOptional)
		if err != nil {
			return idempotency.Response{}, err
		}
		from := originOf(c)
		claim := &idempotency.Claim{
			MerchantID: call.caller.MerchantID, Route: routeName(c), Key: key,
			Fingerprint: s.Fingerprints.Sum(c.Request.URL.Path, body),
			Render: func(resource any, err error) idempotency.Response {
				if err != nil {
					status, body := from.problem(err)
					return idempotency.Response{Status: status, Body: body}
				}
				return idempotency.Response{Status: r.status, Body: encode(resource)}
			},
		}
		if r.secret && key != "" {
			claim.Sealed = s.Fingerprints.Copy(claim.MerchantID, claim.Route, key)
		}
		return s.once(c.Request.Context(), call, claim, func(ctx context.Context) (idempotency.Response, error) {
			request := new(Request)
			if len(body) > 0 {
				if err := wire.Decode(body, request); err != nil {
					return idempotency.Response{}, err
				}
			}
			return write(ctx, call, claim, request)
		})
	}
}

// spec is how a write differs from the next.
type spec struct {
	// status is the answer's when all went well.
	status int
	// bodyOptional accepts a request without a body, as one of no fields.
	bodyOptional bool
	// secret says that the answer holds one, so that it is not remembered in plain.
	secret bool
}

// readBody reads a JSON body within bounds. Without one it returns nothing, or malformed_json
// when one is needed.
func readBody(c *gin.Context, optional bool) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, fault.New(fault.BodyTooLarge, "The body is larger than %d KiB.", maxBody>>10)
		}
		return nil, fault.New(fault.MalformedJSON, "The body ended before it was complete.").Because(err)
	}
	if len(body) == 0 && optional {
		return nil, nil
	}
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || mediaType != typeJSON {
		return nil, fault.On(fault.UnsupportedMediaType, "Content-Type", "The body must be JSON: send it with `Content-Type: application/json`.")
	}
	if len(body) == 0 {
		return nil, fault.New(fault.MalformedJSON, "The body is empty. Send a JSON object.")
	}
	return body, nil
}

// recovered answers a panic like any failure of ours, with the stack in the log alone.
func (s *server) recovered(c *gin.Context, value any) {
	s.refuse(c, fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
	c.Abort()
}
