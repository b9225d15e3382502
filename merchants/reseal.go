package merchants

import (
	"context"
	"fmt"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Reseal seals the checkout secrets of all merchants with the first of the keys, where another one did, and tells how many
// there were.
func Reseal(ctx context.Context, db dbsqlc.DBTX, keys *keyring.Keyring) (changed int64, err error) {
	queries := dbsqlc.New()
	rows, err := queries.SealedCheckoutSecrets(ctx, db)
	if err != nil {
		return 0, fmt.Errorf("error reading checkout secrets: %w", err)
	}
	var all []keyring.Stored
	for _, row := range rows {
		for _, sealed := range [][]byte{row.Sealed, row.NextSealed} {
			if sealed == nil {
				continue
			}
			all = append(all, keyring.Stored{Name: "a checkout secret of " + row.MerchantID.String(), Sealed: sealed, AAD: checkoutSecretContext(row.MerchantID), Replace: func(ctx context.Context, fresh []byte) (int64, error) {
				return queries.SealedCheckoutSecretReplace(ctx, db, &dbsqlc.SealedCheckoutSecretReplaceParams{MerchantID: row.MerchantID, Fresh: fresh, Before: sealed})
			}})
		}
	}
	return keys.ResealAll(ctx, all)
}
