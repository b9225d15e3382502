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
	headers, err := queries.SealedWebhookHeaders(ctx, db)
	if err != nil {
		return 0, fmt.Errorf("error reading headers: %w", err)
	}
	all := make([]keyring.Stored, 0, len(secrets)+len(headers))
	for _, row := range secrets {
		all = append(all, keyring.Stored{Name: "a secret of " + row.EndpointID, Sealed: row.Sealed, AAD: secretContext(row.EndpointID), Replace: func(ctx context.Context, fresh []byte) (int64, error) {
			return queries.SealedWebhookSecretReplace(ctx, db, &dbsqlc.SealedWebhookSecretReplaceParams{ID: row.ID, Sealed: fresh, Before: row.Sealed})
		}})
	}
	for _, row := range headers {
		all = append(all, keyring.Stored{Name: "the headers of " + row.ID, Sealed: row.Headers, AAD: headersContext(row.ID), Replace: func(ctx context.Context, fresh []byte) (int64, error) {
			return queries.SealedWebhookHeadersReplace(ctx, db, &dbsqlc.SealedWebhookHeadersReplaceParams{ID: row.ID, Headers: fresh, Before: row.Headers})
		}})
	}
	return keys.ResealAll(ctx, all)
}
