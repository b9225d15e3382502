package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
	"paygate/idempotency"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/webhooks"
)

type resealCommand struct {
	databaseSettings    `embed:"" group:"Storage"`
	secretSettings      `embed:"" group:"Secrets"`
	developmentSettings `embed:""`
}

func (c *resealCommand) run(ctx context.Context, out streams) error {
	keys, err := c.keyring(c.Development)
	if err != nil {
		return err
	}
	pool, err := c.open(ctx, "reseal", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	changed, err := reseal(ctx, pool, keys)
	if err != nil {
		return err
	}
	return say(out.out, "%d secrets were sealed again. Every one is sealed with the first of the %s: the others can go, from all processes.\n", changed, keys)
}

// reseal goes through everything that is sealed in the database.
func reseal(ctx context.Context, pool *pgxpool.Pool, keys *keyring.Keyring) (changed int64, err error) {
	for what, part := range map[string]func(context.Context, dbsqlc.DBTX, *keyring.Keyring) (int64, error){
		"webhooks": webhooks.Reseal, "checkout": merchants.Reseal, "idempotency": idempotency.Reseal,
	} {
		n, err := part(ctx, pool, keys)
		changed += n
		if err != nil {
			return changed, fmt.Errorf("error sealing again (%s; %d are done, and stay so): %w", what, changed, err)
		}
	}
	return changed, nil
}
