package idempotency

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/fault"
	"paygate/keyring"
)

// newClaim is a claim whose answers are 201 with the resource, or the status that its error's code stands for.
func newClaim(merchant uuid.UUID, key, body string) *Claim {
	return &Claim{
		MerchantID: merchant, Route: "POST /things", Key: key, Fingerprint: sha256.Sum256([]byte(body)),
		Render: func(resource any, err error) Response {
			switch fault.CodeOf(err) {
			case "":
				return Response{Status: 201, Body: fmt.Append(nil, resource)}
			case fault.InvalidValue:
				return Response{Status: 400, Body: []byte("invalid")}
			case fault.Unavailable:
				return Response{Status: 503, Body: []byte("unavailable")}
			default:
				return Response{Status: 409, Body: []byte("refused")}
			}
		},
	}
}

// remember answers claims as made in one transaction.
func remember(t *testing.T, pool *pgxpool.Pool, answer Response, claims ...*Claim) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := Begin(t.Context(), tx, claims); err != nil {
			return err
		}
		answers := make([]Response, len(claims))
		for i := range answers {
			answers[i] = answer
		}
		return Remember(t.Context(), tx, time.Now(), claims, answers)
	}))
}

// prior looks one claim up in a transaction of its own.
func prior(t *testing.T, pool *pgxpool.Pool, claim *Claim) Prior {
	t.Helper()
	var priors []Prior
	require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
		priors, err = Begin(t.Context(), tx, []*Claim{claim})
		return err
	}))
	return priors[0]
}

func TestBegin(t *testing.T) {
	t.Parallel()

	made := Response{Status: 201, Body: []byte("made")}

	t.Run("RemembersByMerchantRouteAndKey", func(t *testing.T) {
		t.Parallel()

		pool, merchant := dbtest.Pool(t), uuid.New()
		remember(t, pool, made, newClaim(merchant, "k", "a"))
		found := prior(t, pool, newClaim(merchant, "k", "a"))
		require.NoError(t, found.Err)
		require.Equal(t, Response{Status: 201, Body: []byte("made"), Replayed: true}, *found.Response)
		require.Equal(t, fault.IdempotencyReused, fault.CodeOf(prior(t, pool, newClaim(merchant, "k", "b")).Err))

		otherRoute := newClaim(merchant, "k", "a")
		otherRoute.Route = "POST /others"
		for _, other := range []*Claim{newClaim(uuid.New(), "k", "a"), newClaim(merchant, "K", "a"), newClaim(merchant, "", "a"), otherRoute} {
			require.Equal(t, Prior{Twin: -1}, prior(t, pool, other))
		}
	})

	t.Run("WhileAnotherRuns", func(t *testing.T) {
		t.Parallel()

		pool, merchant := dbtest.Pool(t), uuid.New()
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := Begin(t.Context(), tx, []*Claim{newClaim(merchant, "k", "a")})
			require.NoError(t, err)
			for _, body := range []string{"a", "b"} {
				running := prior(t, pool, newClaim(merchant, "k", body))
				require.Equal(t, fault.IdempotencyRunning, fault.CodeOf(running.Err))
				require.Equal(t, time.Second, fault.From(running.Err).RetryAfter)
			}
			return nil
		}))
		require.NoError(t, prior(t, pool, newClaim(merchant, "k", "a")).Err, "the key is given back with the transaction")
	})

	t.Run("AReplayNeedsNoLock", func(t *testing.T) {
		t.Parallel()

		pool, merchant := dbtest.Pool(t), uuid.New()
		remember(t, pool, made, newClaim(merchant, "k", "a"))
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := Begin(t.Context(), tx, []*Claim{newClaim(merchant, "k", "a")})
			require.NoError(t, err)
			require.NotNil(t, prior(t, pool, newClaim(merchant, "k", "a")).Response)
			return nil
		}))
	})

	t.Run("TwinsInABatch", func(t *testing.T) {
		t.Parallel()

		pool, merchant := dbtest.Pool(t), uuid.New()
		remember(t, pool, made, newClaim(merchant, "old", "a"))
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			priors, err := Begin(t.Context(), tx, []*Claim{
				newClaim(merchant, "k", "a"), newClaim(merchant, "", "a"), newClaim(merchant, "k", "b"), newClaim(merchant, "", "a"),
				newClaim(merchant, "old", "a"), newClaim(merchant, "old", "a"), newClaim(uuid.New(), "k", "a"),
			})
			require.NoError(t, err)
			var twins []int
			for _, p := range priors {
				require.NoError(t, p.Err)
				twins = append(twins, p.Twin)
			}
			require.Equal(t, []int{-1, -1, 0, -1, -1, 4, -1}, twins)
			require.NotNil(t, priors[4].Response)
			return nil
		}))
	})
}

func TestAnswerTwin(t *testing.T) {
	t.Parallel()

	merchant := uuid.New()
	first, same, other := newClaim(merchant, "k", "a"), newClaim(merchant, "k", "a"), newClaim(merchant, "k", "b")
	made, trouble := Response{Status: 201, Body: []byte("made")}, errors.New("trouble")

	answer, err := same.AnswerTwin(first, made, nil)
	require.NoError(t, err)
	require.Equal(t, Response{Status: 201, Body: []byte("made"), Replayed: true}, answer)
	_, err = same.AnswerTwin(first, Response{}, trouble)
	require.ErrorIs(t, err, trouble)
	_, err = other.AnswerTwin(first, made, nil)
	require.Equal(t, fault.IdempotencyReused, fault.CodeOf(err))
	_, err = other.AnswerTwin(first, Response{}, trouble)
	require.Equal(t, fault.IdempotencyRunning, fault.CodeOf(err))
	_, err = other.AnswerTwin(first, Response{Status: 400}, nil)
	require.Equal(t, fault.IdempotencyRunning, fault.CodeOf(err), "what is not remembered has not used the key")
}

func TestOnce(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*pgxpool.Pool, func(key, body string, do func(tx pgx.Tx) (any, error)) (Response, error)) {
		t.Helper()
		pool, merchant := dbtest.Pool(t), uuid.New()
		_, err := pool.Exec(t.Context(), "CREATE TABLE things (n int)")
		require.NoError(t, err)
		return pool, func(key, body string, do func(tx pgx.Tx) (any, error)) (Response, error) {
			return Once(t.Context(), pool, time.Now(), newClaim(merchant, key, body), func(tx pgx.Tx) (any, error) {
				if _, err := tx.Exec(t.Context(), "INSERT INTO things VALUES (1)"); err != nil {
					return nil, err
				}
				return do(tx)
			})
		}
	}
	things := func(t *testing.T, pool *pgxpool.Pool) (count int) {
		t.Helper()
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM things").Scan(&count))
		return count
	}
	succeed := func(pgx.Tx) (any, error) { return "made", nil }

	t.Run("OnceForAKey", func(t *testing.T) {
		t.Parallel()

		pool, once := setup(t)
		for i := range 3 {
			answer, err := once("k", "a", succeed)
			require.NoError(t, err)
			require.Equal(t, Response{Status: 201, Body: []byte("made"), Replayed: i > 0}, answer)
		}
		require.Equal(t, 1, things(t, pool))
		_, err := once("k", "b", succeed)
		require.Equal(t, fault.IdempotencyReused, fault.CodeOf(err))
		for range 2 {
			_, err := once("", "a", succeed)
			require.NoError(t, err)
		}
		require.Equal(t, 3, things(t, pool), "without a key each is new")
	})

	t.Run("ARefusalLeavesNothingButItself", func(t *testing.T) {
		t.Parallel()

		pool, once := setup(t)
		for i := range 2 {
			answer, err := once("k", "a", func(pgx.Tx) (any, error) { return nil, fault.New(fault.EndpointDisabled, "no") })
			require.NoError(t, err)
			require.Equal(t, Response{Status: 409, Body: []byte("refused"), Replayed: i > 0}, answer)
		}
		require.Zero(t, things(t, pool))
	})

	t.Run("NeitherABadRequestNorTroubleIsRemembered", func(t *testing.T) {
		t.Parallel()

		pool, once := setup(t)
		for _, code := range []fault.Code{fault.InvalidValue, fault.Unavailable} {
			_, err := once("k", "a", func(pgx.Tx) (any, error) { return nil, fault.New(code, "no") })
			require.NoError(t, err)
		}
		trouble := errors.New("trouble")
		_, err := once("k", "a", func(pgx.Tx) (any, error) { return nil, trouble })
		require.ErrorIs(t, err, trouble)
		_, err = once("k", "a", func(tx pgx.Tx) (any, error) { return tx.Exec(t.Context(), "SELECT 1/0") })
		require.ErrorContains(t, err, "division by zero")
		require.PanicsWithValue(t, "a defect", func() {
			_, _ = once("k", "a", func(pgx.Tx) (any, error) { panic("a defect") })
		})
		require.Zero(t, things(t, pool))
		answer, err := once("k", "a", succeed)
		require.NoError(t, err)
		require.False(t, answer.Replayed)
		require.Equal(t, 1, things(t, pool))
	})

	t.Run("AtOnce", func(t *testing.T) {
		t.Parallel()

		pool, once := setup(t)
		inside, leave := make(chan struct{}), make(chan struct{})
		var first sync.WaitGroup
		first.Go(func() {
			_, err := once("k", "a", func(pgx.Tx) (any, error) {
				close(inside)
				<-leave
				return "made", nil
			})
			require.NoError(t, err)
		})
		<-inside
		_, err := once("k", "a", succeed)
		require.Equal(t, fault.IdempotencyRunning, fault.CodeOf(err), "it does not wait")
		close(leave)
		first.Wait()
		require.Equal(t, 1, things(t, pool))
	})
}

func TestRecall(t *testing.T) {
	t.Parallel()

	pool, merchant := dbtest.Pool(t), uuid.New()
	remember(t, pool, Response{Status: 201, Body: []byte("made")}, newClaim(merchant, "k", "a"))
	answer, found, err := Recall(t.Context(), pool, newClaim(merchant, "k", "a"))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, Response{Status: 201, Body: []byte("made"), Replayed: true}, answer)
	for _, other := range []*Claim{newClaim(merchant, "k", "b"), newClaim(merchant, "", "a"), newClaim(merchant, "x", "a"), newClaim(uuid.New(), "k", "a")} {
		_, found, err := Recall(t.Context(), pool, other)
		require.NoError(t, err)
		require.False(t, found)
	}
}

func TestLoadFingerprinter(t *testing.T) {
	t.Parallel()

	keys := func(t *testing.T, text string) *keyring.Keyring {
		t.Helper()
		ring, err := keyring.Parse(text)
		require.NoError(t, err)
		return ring
	}
	const one, two = "one:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "two:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

	t.Run("IsOneForAllProcesses", func(t *testing.T) {
		t.Parallel()

		pool := dbtest.Pool(t)
		sums := make([][sha256.Size]byte, 8)
		var processes sync.WaitGroup
		for i := range sums {
			processes.Go(func() {
				f, err := LoadFingerprinter(context.WithoutCancel(t.Context()), pool, keys(t, one))
				require.NoError(t, err)
				sums[i] = f.Sum("/payments", []byte("{}"))
			})
		}
		processes.Wait()
		for _, sum := range sums {
			require.Equal(t, sums[0], sum)
		}
		rotated, err := LoadFingerprinter(t.Context(), pool, keys(t, two+","+one))
		require.NoError(t, err)
		require.Equal(t, sums[0], rotated.Sum("/payments", []byte("{}")), "rotating the operator's keys changes no fingerprint")
		_, err = LoadFingerprinter(t.Context(), pool, keys(t, two))
		require.ErrorContains(t, err, "PAYGATE_ENCRYPTION_KEYS")
	})

	t.Run("IsOfTheInstallation", func(t *testing.T) {
		t.Parallel()

		a, err := LoadFingerprinter(t.Context(), dbtest.Pool(t), keys(t, one))
		require.NoError(t, err)
		b, err := LoadFingerprinter(t.Context(), dbtest.Pool(t), keys(t, one))
		require.NoError(t, err)
		sum := a.Sum("/payments", []byte("{}"))
		require.NotEqual(t, sum, b.Sum("/payments", []byte("{}")), "nobody can search for a card number")
		for _, other := range [][2]string{{"/payment", "s{}"}, {"/payments", "{ }"}, {"/refunds", "{}"}, {"/payments{}", ""}, {"", "/payments{}"}} {
			require.NotEqual(t, sum, a.Sum(other[0], []byte(other[1])))
		}
	})
}
