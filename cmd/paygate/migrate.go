package main

import (
	"context"

	"paygate/db"
)

type migrateCommand struct {
	databaseSettings `embed:"" group:"Storage"`
}

func (c *migrateCommand) run(ctx context.Context, io streams) error {
	if err := c.direct("migrate"); err != nil {
		return err
	}
	pool, err := c.open(ctx, "migrate", true)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := db.Migrate(ctx, pool); err != nil {
		return err
	}
	return say(io.out, "The database has the schema of this binary.\n")
}
