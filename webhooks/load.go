package webhooks

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/webhooks/signature"
)

// loaded is a delivery with what an attempt of it needs.
type loaded struct {
	*dbsqlc.DeliveryForAttemptManyRow

	// secrets sign, the newest first.
	secrets []signature.Secret
	// headers are the endpoint's own.
	headers map[string]string
}

// loadMany reads what a batch of attempts needs; the result is nil for a delivery that history has removed.
// It writes nothing, so gathering saves no commits here but two questions for each attempt, which were the
// dearest part of a delivery.
func (d *Deliverer) loadMany(ctx context.Context, tx pgx.Tx, deliveryIDs []string) ([]groupcommit.Result[*loaded], error) {
	queries := dbsqlc.New()
	rows, err := queries.DeliveryForAttemptMany(ctx, tx, deliveryIDs)
	if err != nil {
		return nil, fmt.Errorf("error loading deliveries: %w", err)
	}
	byDelivery := make(map[string]*dbsqlc.DeliveryForAttemptManyRow, len(rows))
	endpointIDs := make([]string, 0, len(rows))
	for _, row := range rows {
		byDelivery[row.WebhookDelivery.ID] = row
		endpointIDs = append(endpointIDs, row.WebhookDelivery.EndpointID)
	}
	sealed, err := queries.SecretLiveMany(ctx, tx, &dbsqlc.SecretLiveManyParams{EndpointIds: distinct(endpointIDs), Now: d.now()})
	if err != nil {
		return nil, fmt.Errorf("error loading secrets: %w", err)
	}
	opened := d.openSecrets(sealed)
	results := make([]groupcommit.Result[*loaded], len(deliveryIDs))
	for i, id := range deliveryIDs {
		row := byDelivery[id]
		if row == nil {
			continue
		}
		endpointID := row.WebhookDelivery.EndpointID
		secrets := opened[endpointID]
		headers, err := openHeaders(d.keyring, endpointID, row.Headers)
		if secrets.err != nil {
			err = secrets.err
		}
		results[i].Value, results[i].Err = &loaded{row, secrets.live, headers}, err
	}
	return results, nil
}

// openedSecrets are those of one endpoint, or why they cannot be used.
type openedSecrets struct {
	live []signature.Secret
	err  error
}

func (d *Deliverer) openSecrets(rows []*dbsqlc.SecretLiveManyRow) map[string]openedSecrets {
	byEndpoint := make(map[string]openedSecrets)
	for _, row := range rows {
		of := byEndpoint[row.EndpointID]
		if secret, err := d.openSecret(row); err != nil {
			of.err = err
		} else {
			of.live = append(of.live, secret)
		}
		byEndpoint[row.EndpointID] = of
	}
	return byEndpoint
}

func (d *Deliverer) openSecret(row *dbsqlc.SecretLiveManyRow) (signature.Secret, error) {
	text, err := d.keyring.Open(row.Sealed, secretContext(row.EndpointID))
	if err != nil {
		return signature.Secret{}, fmt.Errorf("error opening a secret of %s: %w", row.EndpointID, err)
	}
	secret, err := signature.ParseSecret(string(text))
	if err != nil {
		return signature.Secret{}, fmt.Errorf("error parsing a secret of %s: %w", row.EndpointID, err)
	}
	return secret, nil
}
