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
	for _, row := range rows {
		for _, sealed := range [][]byte{row.Sealed, row.NextSealed} {
			if sealed == nil {
				continue
			}
			fresh, err := keys.Reseal(sealed, checkoutSecretContext(row.MerchantID))
			if err != nil {
				return changed, fmt.Errorf("error opening a checkout secret of %s: %w", row.MerchantID, err)
			}
			if fresh == nil {
				continue
			}
			n, err := queries.SealedCheckoutSecretReplace(ctx, db, &dbsqlc.SealedCheckoutSecretReplaceParams{MerchantID: row.MerchantID, Fresh: fresh, Before: sealed})
			if err != nil {
				return changed, fmt.Errorf("error storing a checkout secret of %s: %w", row.MerchantID, err)
			}
			changed += n
		}
	}
	return changed, nil
}
