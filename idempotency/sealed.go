package idempotency

import (
	"context"
	"fmt"
	"iter"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Sealed goes through the secrets of the installation: the key of fingerprints, from which those of
// remembered answers come too.
func Sealed(ctx context.Context, db dbsqlc.DBTX) iter.Seq2[keyring.Stored, error] {
	queries := dbsqlc.New()
	return func(yield func(keyring.Stored, error) bool) {
		rows, err := queries.GatewaySecretSealed(ctx, db)
		if err != nil {
			yield(keyring.Stored{}, fmt.Errorf("error reading the secrets of the installation: %w", err))
			return
		}
		for _, row := range rows {
			if !yield(keyring.Stored{
				Name: "the secret " + row.Name, Sealed: row.Sealed, Context: []byte(row.Name),
				Replace: func(ctx context.Context, sealed []byte) error {
					return queries.GatewaySecretReseal(ctx, db, &dbsqlc.GatewaySecretResealParams{Name: row.Name, Sealed: sealed, Before: row.Sealed})
				},
			}, nil) {
				return
			}
		}
	}
}
