package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/merchants"
)

// keysCommand is the API keys of a merchant.
type keysCommand struct {
	List   keysList   `cmd:"" help:"List the API keys of a merchant."`
	Create keysCreate `cmd:"" help:"Make an API key, and print its secret, which is not shown again."`
	Rotate keysRotate `cmd:"" help:"Make an API key in the place of another, which works on for a while."`
	Revoke keysRevoke `cmd:"" help:"End an API key at once."`
}

// keysSettings is what all of them take.
type keysSettings struct {
	databaseSettings `embed:"" group:"Storage"`
	Merchant         string `name:"merchant" required:"" help:"The merchant, by id or e-mail."`
}

// issuing is a look at one merchant's keys.
type issuing struct {
	merchants.Issuer

	pool     *pgxpool.Pool
	merchant uuid.UUID
}

// with runs do for the merchant.
func (s keysSettings) with(ctx context.Context, do func(issuing) error) error {
	pool, err := s.open(ctx, "keys", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	merchantID, err := findMerchant(ctx, pool, s.Merchant)
	if err != nil {
		return err
	}
	return do(issuing{merchants.Issuer{Now: now}, pool, merchantID})
}

// keysActor is whom the audit log names for what is done here.
const keysActor = "paygate keys"

// change runs do in a transaction with its line in the audit trail; do returns whom it was done to.
func (i issuing) change(ctx context.Context, action string, do func(tx pgx.Tx) (target string, err error)) error {
	return db.InTx(ctx, i.pool, func(tx pgx.Tx) error {
		target, err := do(tx)
		if err != nil {
			return err
		}
		if err := dbsqlc.New().DashboardAuditInsert(ctx, tx, &dbsqlc.DashboardAuditInsertParams{
			MerchantID: i.merchant, Actor: keysActor, Action: action, Target: target, CreatedAt: i.Now(),
		}); err != nil {
			return fmt.Errorf("error noting what was done: %w", err)
		}
		return nil
	})
}

type keysList struct {
	keysSettings `embed:""`
}

func (c *keysList) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(i issuing) error {
		keys, err := i.List(ctx, i.pool, i.merchant)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		for _, key := range keys {
			if err := say(table, "%s\t%s\t%s\t%s\n", key.ID, standing(&key, i.Now()), key.CreatedAt.Format(time.DateOnly), key.Name); err != nil {
				return err
			}
		}
		if err := table.Flush(); err != nil {
			return fmt.Errorf("error printing the keys: %w", err)
		}
		return nil
	})
}

// standing says in a few words whether a key works.
func standing(key *merchants.Key, at time.Time) string {
	switch {
	case key.RevokedAt != nil:
		return "revoked"
	case !key.Live(at):
		return "expired"
	case key.ExpiresAt != nil:
		return "until " + key.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return "live"
}

type keysCreate struct {
	keysSettings `embed:""`
	Name         string `name:"name" required:"" help:"What the merchant knows the key by."`
}

func (c *keysCreate) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(i issuing) error {
		var made *merchants.Key
		err := i.change(ctx, "key_created", func(tx pgx.Tx) (_ string, err error) {
			if made, err = i.Create(ctx, tx, i.merchant, c.Name); err != nil {
				return "", err
			}
			return made.ID, nil
		})
		if err != nil {
			return err
		}
		return sayKey(io, made)
	})
}

func sayKey(io streams, made *merchants.Key) error {
	return say(io.out, "key:    %s\nsecret: %s\n\nThe secret is not shown again.\n", made.ID, made.Secret)
}

type keysRotate struct {
	keysSettings `embed:""`
	Key          string        `arg:"" help:"The key's id, as key_1a2b…."`
	Overlap      time.Duration `name:"overlap" default:"24h" min:"0s" max:"168h" help:"How long the old key goes on working."`
}

func (c *keysRotate) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(i issuing) error {
		var made *merchants.Key
		err := i.change(ctx, "key_rotated", func(tx pgx.Tx) (_ string, err error) {
			if made, err = i.Rotate(ctx, tx, i.merchant, c.Key, c.Overlap); err != nil {
				return "", err
			}
			return c.Key + " → " + made.ID, nil
		})
		if err != nil {
			return err
		}
		return sayKey(io, made)
	})
}

type keysRevoke struct {
	keysSettings `embed:""`
	Key          string `arg:"" help:"The key's id, as key_1a2b…."`
}

func (c *keysRevoke) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(i issuing) error {
		err := i.change(ctx, "key_revoked", func(tx pgx.Tx) (string, error) { return c.Key, i.Revoke(ctx, tx, i.merchant, c.Key) })
		if err != nil {
			return err
		}
		return say(io.out, "%s is refused from now on, after a second at most.\n", c.Key)
	})
}
