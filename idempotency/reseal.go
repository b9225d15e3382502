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
	all := make([]keyring.Stored, len(rows))
	for i, row := range rows {
		all[i] = keyring.Stored{Name: "the key " + row.Name, Sealed: row.Sealed, AAD: []byte(row.Name), Replace: func(ctx context.Context, fresh []byte) (int64, error) {
			return queries.SealedGatewaySecretReplace(ctx, db, &dbsqlc.SealedGatewaySecretReplaceParams{Name: row.Name, Sealed: fresh, Before: row.Sealed})
		}}
	}
	return keys.ResealAll(ctx, all)
}
