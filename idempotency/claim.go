// Package idempotency lets a caller repeat a request without repeating its effect.
//
// The claim of a key and the answer to remember are one row, written in the
// transaction of the effect itself: after a crash either both exist or neither.
// Who owns a key while its transaction runs is decided by a transaction-scoped
// advisory lock that is tried, never waited for, so that a gathered transaction of
// many requests cannot be held up (or deadlocked) by one key.
//
// The semantics follow draft-ietf-httpapi-idempotency-key-header-07.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/pipeline"
	"paygate/fault"
)

// The statuses that the memory treats apart (RFC 9110, sections 15.5.1 and 15.6).
const (
	badRequest  = 400
	serverError = 500
)

// Response is an answer as the caller gets it, now or again later.
type Response struct {
	Status int
	Body   []byte
	// Replayed says that Body was remembered from an earlier request.
	Replayed bool
}

// Claim is one request's wish to be done once. With an empty Key it claims nothing,
// but still renders.
type Claim struct {
	MerchantID uuid.UUID
	// Route names the operation, `POST /payments`; a key belongs to merchant and route.
	Route string
	// Key is 1–255 printable characters, see ParseKey; empty when the caller sent none.
	Key string
	// Fingerprint is the keyed hash of the request, see Fingerprinter.
	Fingerprint [sha256.Size]byte
	// Sealed is set for an answer that holds a secret: it is remembered as this place seals it, so that a
	// copy of the database gives nothing away. nil remembers the answer as it is.
	Sealed *Copy
	// Render turns the outcome of the operation into the answer to send and remember. It
	// comes from the transport, so that the domain need not know what a status is.
	Render func(resource any, err error) Response
}

// identity is what the key is unique by.
type identity struct {
	merchant   uuid.UUID
	route, key string
}

func (c *Claim) identity() identity {
	return identity{c.MerchantID, c.Route, c.Key}
}

// lockID spreads keys over the 64-bit space of advisory locks. Two keys that share one
// only answer "still running" to each other, with odds of one in 2^64.
func (id identity) lockID() int64 {
	hash := sha256.New()
	hash.Write(id.merchant[:])
	hash.Write([]byte(id.route))
	hash.Write([]byte{0})
	hash.Write([]byte(id.key))
	return int64(binary.BigEndian.Uint64(hash.Sum(nil))) //nolint:gosec // a bit pattern, not a quantity
}

// Running is the answer to a request whose key another one holds at this moment.
func Running() error {
	return fault.New(fault.IdempotencyRunning,
		"A request with this Idempotency-Key is still being processed. Send the same request again after the pause in Retry-After.").After(time.Second)
}

func reused() error {
	return fault.New(fault.IdempotencyReused,
		"This Idempotency-Key was used before with a different request. Use a new key for a new request.")
}

// replay answers from a remembered row, or refuses another request under the same key.
func (c *Claim) replay(row *dbsqlc.IdempotencyKey) (Response, error) {
	if [sha256.Size]byte(row.Fingerprint) != c.Fingerprint {
		return Response{}, reused()
	}
	if c.Sealed != nil {
		answer, ok := c.Sealed.Open(row.Body, c.Fingerprint)
		if !ok {
			return Response{}, fmt.Errorf("error opening the remembered answer to a key of %s", c.Route)
		}
		return answer, nil
	}
	return Response{Status: int(row.Status), Body: row.Body, Replayed: true}, nil
}

// remembered is the body to store of an answer.
func (c *Claim) remembered(answer Response) []byte {
	if c.Sealed != nil {
		return c.Sealed.Seal(c.Fingerprint, answer)
	}
	return answer.Body
}

// Prior is what is known about a claim before its effect.
type Prior struct {
	// Response is set when the key was used before: there is nothing to do but send it.
	Response *Response
	// Err is set when the request must be refused: still running, or another body.
	Err error
	// Twin is the position of an earlier claim of the same batch with the same key, or -1.
	// That one does the work; this one gets its answer, see AnswerTwin.
	Twin int
}

// batch is the claims of one transaction, by what they have to do with each other.
type batch struct {
	priors       []Prior
	first        map[identity]int
	owners       []int   // positions of those that hold a key of their own
	locks        []int64 // of the owners, as the columns below
	merchants    []uuid.UUID
	routes, keys []string
}

func gather(claims []*Claim) *batch {
	b := &batch{priors: make([]Prior, len(claims)), first: make(map[identity]int, len(claims))}
	for i, c := range claims {
		b.priors[i].Twin = -1
		if c.Key == "" {
			continue
		}
		id := c.identity()
		if twin, seen := b.first[id]; seen {
			b.priors[i].Twin = twin
			continue
		}
		b.first[id] = i
		b.owners = append(b.owners, i)
		b.locks = append(b.locks, id.lockID())
		b.merchants = append(b.merchants, c.MerchantID)
		b.routes = append(b.routes, c.Route)
		b.keys = append(b.keys, c.Key)
	}
	return b
}

// Assume takes the keys of all claims inside tx like Begin, as if none were in use or had been used: nobody waits for
// Postgres to say so. If one is or was, tx fails as a transaction does that has collided with another one (SQLSTATE 40001), to
// be repeated with Begin.
func Assume(ctx context.Context, tx pgx.Tx, claims []*Claim) ([]Prior, error) {
	b := gather(claims)
	if len(b.owners) == 0 {
		return b.priors, nil
	}
	queries := dbsqlc.New()
	if err := queries.IdempotencyAssumeFree(ctx, tx, b.locks); err != nil {
		return nil, fmt.Errorf("error taking idempotency keys: %w", err)
	}
	if err := queries.IdempotencyAssumeNew(ctx, tx, &dbsqlc.IdempotencyAssumeNewParams{MerchantIds: b.merchants, Routes: b.routes, Keys: b.keys}); err != nil {
		return nil, fmt.Errorf("error looking up idempotency keys: %w", err)
	}
	return b.priors, nil
}

// Begin takes the keys of all claims inside tx, and reports for each what is already known. Keys taken here are given
// back when tx ends. beside are questions of the caller's that travel along: all of it is one round trip.
func Begin(ctx context.Context, tx pgx.Tx, claims []*Claim, beside ...pipeline.Ask) ([]Prior, error) {
	b := gather(claims)
	var locks []*dbsqlc.IdempotencyTryLockRow
	var rows []*dbsqlc.IdempotencyKey
	if len(b.owners) > 0 {
		queries := dbsqlc.New()
		// Two statements, for the second one's snapshot is taken when the locks are held: it sees what the
		// former holder of a lock has committed.
		beside = append([]pipeline.Ask{
			func(db dbsqlc.DBTX) (err error) {
				if locks, err = queries.IdempotencyTryLock(ctx, db, b.locks); err != nil {
					return fmt.Errorf("error taking idempotency keys: %w", err)
				}
				return nil
			},
			func(db dbsqlc.DBTX) (err error) {
				if rows, err = queries.IdempotencyFind(ctx, db, &dbsqlc.IdempotencyFindParams{MerchantIds: b.merchants, Routes: b.routes, Keys: b.keys}); err != nil {
					return fmt.Errorf("error looking up idempotency keys: %w", err)
				}
				return nil
			},
		}, beside...)
	}
	if err := pipeline.Together(ctx, tx, beside...); err != nil {
		return nil, err
	}
	for n, lock := range locks {
		if !lock.Locked {
			b.priors[b.owners[n]].Err = Running()
		}
	}
	for _, row := range rows {
		i := b.first[identity{row.MerchantID, row.Route, row.Key}]
		response, err := claims[i].replay(row)
		if err != nil {
			b.priors[i] = Prior{Err: err, Twin: -1}
			continue
		}
		b.priors[i] = Prior{Response: &response, Twin: -1}
	}
	return b.priors, nil
}

// AnswerTwin is the answer to a claim whose key an earlier claim of the same batch holds, given
// the outcome of that one.
func (c *Claim) AnswerTwin(first *Claim, answer Response, err error) (Response, error) {
	same := first.Fingerprint == c.Fingerprint
	switch {
	case same && err != nil:
		return Response{}, err
	case same:
		answer.Replayed = true
		return answer, nil
	case err != nil || !Remembered(answer):
		// The key does not stand for anything yet; asking again finds out.
		return Response{}, Running()
	default:
		return Response{}, reused()
	}
}

// Remembered tells whether an answer is one that a repeated request gets again. A 400 is not (nothing was
// begun, the caller is to mend the request), nor is a failure of ours, which trying again may cure.
func Remembered(answer Response) bool {
	return answer.Status != badRequest && answer.Status < serverError
}

// Remember stores the answers of the claims that have a key, in the transaction of their effects.
func Remember(ctx context.Context, tx pgx.Tx, now time.Time, claims []*Claim, answers []Response) error {
	params := &dbsqlc.IdempotencyInsertManyParams{CreatedAt: now}
	for i, c := range claims {
		if c.Key == "" || !Remembered(answers[i]) {
			continue
		}
		params.MerchantIds = append(params.MerchantIds, c.MerchantID)
		params.Routes = append(params.Routes, c.Route)
		params.Keys = append(params.Keys, c.Key)
		params.Fingerprints = append(params.Fingerprints, c.Fingerprint[:])
		params.Statuses = append(params.Statuses, int16(answers[i].Status)) //nolint:gosec // an HTTP status
		params.Bodies = append(params.Bodies, c.remembered(answers[i]))
	}
	if len(params.Keys) == 0 {
		return nil
	}
	if err := dbsqlc.New().IdempotencyInsertMany(ctx, tx, params); err != nil {
		return fmt.Errorf("error remembering answers: %w", err)
	}
	return nil
}
