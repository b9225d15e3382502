package idempotency

import (
	"context"
	"fmt"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Reseal seals the installation's fingerprint key with the first of the keys, where another one did, and tells how many there were.
// The key itself stays: with another, a repeated request would be another one.
func Reseal(ctx context.Context, db dbsqlc.DBTX, keys *keyring.Keyring) (changed int64, err error) {
	queries := dbsqlc.New()
	rows, err := queries.SealedGatewaySecrets(ctx, db)
	if err != nil {
		return 0, fmt.Errorf("error reading the fingerprint key: %w", err)
	}
	for _, row := range rows {
		fresh, err := keys.Reseal(row.Sealed, []byte(row.Name))
		if err != nil {
			return changed, fmt.Errorf("error opening the key %s: %w", row.Name, err)
		}
		if fresh == nil {
			continue
		}
		n, err := queries.SealedGatewaySecretReplace(ctx, db, &dbsqlc.SealedGatewaySecretReplaceParams{Name: row.Name, Sealed: fresh, Before: row.Sealed})
		if err != nil {
			return changed, fmt.Errorf("error storing the key %s: %w", row.Name, err)
		}
		changed += n
	}
	return changed, nil
}
