package webhooks

import (
	"context"
	"fmt"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Reseal seals the secrets and headers of all endpoints with the first of the keys, where another one did, and tells how many
// there were. Deliveries go on meanwhile, as long as the other keys are still in the keyrings of all processes.
func Reseal(ctx context.Context, db dbsqlc.DBTX, keys *keyring.Keyring) (changed int64, err error) {
	queries := dbsqlc.New()
	secrets, err := queries.SealedWebhookSecrets(ctx, db)
	if err != nil {
		return 0, fmt.Errorf("error reading secrets: %w", err)
	}
	for _, row := range secrets {
		fresh, err := keys.Reseal(row.Sealed, secretContext(row.EndpointID))
		if err != nil {
			return changed, fmt.Errorf("error opening a secret of %s: %w", row.EndpointID, err)
		}
		if fresh == nil {
			continue
		}
		n, err := queries.SealedWebhookSecretReplace(ctx, db, &dbsqlc.SealedWebhookSecretReplaceParams{ID: row.ID, Sealed: fresh, Before: row.Sealed})
		if err != nil {
			return changed, fmt.Errorf("error storing a secret of %s: %w", row.EndpointID, err)
		}
		changed += n
	}
	headers, err := queries.SealedWebhookHeaders(ctx, db)
	if err != nil {
		return changed, fmt.Errorf("error reading headers: %w", err)
	}
	for _, row := range headers {
		fresh, err := keys.Reseal(row.Headers, headersContext(row.ID))
		if err != nil {
			return changed, fmt.Errorf("error opening the headers of %s: %w", row.ID, err)
		}
		if fresh == nil {
			continue
		}
		n, err := queries.SealedWebhookHeadersReplace(ctx, db, &dbsqlc.SealedWebhookHeadersReplaceParams{ID: row.ID, Headers: fresh, Before: row.Headers})
		if err != nil {
			return changed, fmt.Errorf("error storing the headers of %s: %w", row.ID, err)
		}
		changed += n
	}
	return changed, nil
}
