package merchants_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/fault"
	"paygate/merchants"
)

func TestKeys(t *testing.T) {
	t.Parallel()

	pool, now := dbtest.Pool(t), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	keys := &merchants.Keys{DB: pool, Now: func() time.Time { return now }}
	queries := dbsqlc.New()
	merchant := uuid.New()
	require.NoError(t, queries.MerchantUpsert(t.Context(), pool, &dbsqlc.MerchantUpsertParams{ID: merchant, Name: "Shop", Email: "shop@example.com", CreatedAt: now}))
	add := func(id, change string) {
		require.NoError(t, queries.APIKeyUpsert(t.Context(), pool, &dbsqlc.APIKeyUpsertParams{
			ID: id, MerchantID: merchant, SecretHash: merchants.HashSecret("secret_" + id), CreatedAt: now,
		}))
		_, err := pool.Exec(t.Context(), "UPDATE api_keys SET "+change+" WHERE id = $1", id)
		require.NoError(t, err)
	}
	add("good", "name = 'good'")
	add("later", "expires_at = '2026-11-23T09:00:00.001Z'")
	add("expired", "expires_at = '2026-11-23T09:00:00Z'")
	add("revoked", "revoked_at = '2026-11-23T08:00:00Z', expires_at = '2030-01-01T00:00:00Z'")

	for _, id := range []string{"good", "later"} {
		want := merchants.Caller{MerchantID: merchant, KeyID: id}
		caller, err := keys.BySecret(t.Context(), "secret_"+id)
		require.NoError(t, err)
		require.Equal(t, want, caller)
		caller, err = keys.ByPair(t.Context(), id, "secret_"+id)
		require.NoError(t, err)
		require.Equal(t, want, caller)
		caller, err = keys.ByPublishable(t.Context(), id)
		require.NoError(t, err)
		want.Publishable = true
		require.Equal(t, want, caller)
	}

	var texts []string
	refused := func(_ merchants.Caller, err error) {
		t.Helper()
		require.Equal(t, fault.CredentialsInvalid, fault.CodeOf(err))
		texts = append(texts, err.Error())
	}
	ctx := t.Context()
	for _, id := range []string{"expired", "revoked", "unknown", "", "GOOD", "good\x00", "\xff", "é"} {
		refused(keys.BySecret(ctx, "secret_"+id))
		refused(keys.ByPair(ctx, id, "secret_"+id))
		refused(keys.ByPublishable(ctx, id))
	}
	for _, secret := range []string{"", "good", "secret_later", "secret_goo", "secret_good ", "Secret_good", "\x00", "\xff"} {
		refused(keys.BySecret(ctx, secret+"!"))
		refused(keys.ByPair(ctx, "good", secret))
	}
	for _, text := range texts {
		require.Equal(t, texts[0], text, "one answer, whichever half is wrong")
	}

	away := dbtest.Pool(t)
	away.Close()
	_, err := (&merchants.Keys{DB: away, Now: time.Now}).BySecret(ctx, "secret_good")
	require.Equal(t, fault.Internal, fault.CodeOf(err), "trouble of ours is not the caller's fault")
}
