package main

import (
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/merchants"
)

// madeKey reads what create and rotate print.
func madeKey(t *testing.T, got outcome) (id, secret string) {
	t.Helper()
	require.Zero(t, got.status, got.stderr)
	match := regexp.MustCompile(`(?m)^key:    (key_[0-9a-f]+)\nsecret: (secret_[0-9a-f]+)$`).FindStringSubmatch(got.stdout)
	require.NotNil(t, match, got.stdout)
	return match[1], match[2]
}

func TestKeys(t *testing.T) {
	t.Parallel()

	env := roleEnv(t)
	require.Zero(t, call(t, env, "seed").status)
	pool, err := pgxpool.New(t.Context(), env["DATABASE_URL"])
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	works := func(id, secret string) bool {
		caller, err := (&merchants.Keys{DB: pool, Now: time.Now}).ByPair(t.Context(), id, secret)
		if err != nil {
			require.Equal(t, fault.CredentialsInvalid, fault.CodeOf(err))
			return false
		}
		return caller.MerchantID == demoMerchant
	}

	id, secret := madeKey(t, call(t, env, "keys", "create", "--merchant", demoEmail, "--name", "Server"))
	require.True(t, works(id, secret))
	newer, newerSecret := madeKey(t, call(t, env, "keys", "rotate", id, "--merchant", demoMerchant.String(), "--overlap", "1h"))
	require.True(t, works(id, secret), "the old one works on for a while")
	require.True(t, works(newer, newerSecret))
	_, last := madeKey(t, call(t, env, "keys", "rotate", newer, "--merchant", demoEmail, "--overlap", "0s"))
	require.False(t, works(newer, newerSecret))

	require.Zero(t, call(t, env, "keys", "revoke", id, "--merchant", demoEmail).status)
	require.False(t, works(id, secret))

	listed := call(t, env, "keys", "list", "--merchant", demoEmail)
	require.Zero(t, listed.status)
	require.Regexp(t, `(?m)^`+id+` +revoked .* Server$`, listed.stdout)
	require.Regexp(t, `(?m)^`+newer+` +expired .* Server$`, listed.stdout)
	require.Regexp(t, `(?m)^`+demoKey+` +live .* Demo$`, listed.stdout)
	for _, hidden := range []string{secret, newerSecret, last, demoSecret} {
		require.NotContains(t, listed.stdout, hidden)
	}

	var noted int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM dashboard_audit WHERE merchant_id = $1 AND actor = $2", demoMerchant, keysActor).Scan(&noted))
	require.Equal(t, 4, noted)
}

func TestKeys_Refusals(t *testing.T) {
	t.Parallel()

	env := roleEnv(t)
	require.Zero(t, call(t, env, "seed").status)
	for name, tt := range map[string]struct {
		status int
		says   string
		args   []string
	}{
		"UnknownMerchant":   {exitUsage, "there is no merchant", []string{"list", "--merchant", "nobody@example.com"}},
		"UnknownMerchantID": {exitUsage, "there is no merchant", []string{"list", "--merchant", "00000000-0000-4000-8000-000000000000"}},
		"UnknownKey":        {exitFailure, "There is no live key", []string{"revoke", "key_none", "--merchant", demoEmail}},
		"NoName":            {exitFailure, "A name has 1 to 100 characters.", []string{"create", "--name", " ", "--merchant", demoEmail}},
		"LongOverlap":       {exitUsage, "overlap", []string{"rotate", demoKey, "--overlap", "169h", "--merchant", demoEmail}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := call(t, env, append([]string{"keys"}, tt.args...)...)
			require.Equal(t, tt.status, got.status)
			require.Contains(t, got.stderr, tt.says)
			require.Empty(t, got.stdout)
		})
	}
}
