package dashboard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
)

// ResetPassword gives somebody another password and ends every session of theirs. actor is whom the audit log
// names. It fails with not_found and invalid_value.
func ResetPassword(ctx context.Context, pool *pgxpool.Pool, email, password, actor string, now time.Time) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return administer(ctx, pool, email, actor, "password_reset", now, func(tx pgx.Tx, user *dbsqlc.DashboardUser) error {
		return SetPassword(ctx, tx, user.ID, hash, now)
	})
}

// RemoveUser lets somebody sign in no more, the last owner too: who does this has the database. It fails with
// not_found.
func RemoveUser(ctx context.Context, pool *pgxpool.Pool, email, actor string, now time.Time) error {
	return administer(ctx, pool, email, actor, "user_removed", now, func(tx pgx.Tx, user *dbsqlc.DashboardUser) error {
		if _, err := dbsqlc.New().DashboardUserDelete(ctx, tx, &dbsqlc.DashboardUserDeleteParams{MerchantID: user.MerchantID, ID: user.ID}); err != nil {
			return fmt.Errorf("error removing a user: %w", err)
		}
		return nil
	})
}

// administer changes a user in one transaction with its line in the audit log.
func administer(ctx context.Context, pool *pgxpool.Pool, email, actor, action string, now time.Time, change func(pgx.Tx, *dbsqlc.DashboardUser) error) error {
	return db.InTx(ctx, pool, func(tx pgx.Tx) error {
		user, err := dbsqlc.New().DashboardUserByEmail(ctx, tx, strings.ToLower(strings.TrimSpace(email)))
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.On(fault.NotFound, "email", "Nobody signs in as %s.", email)
		}
		if err != nil {
			return fmt.Errorf("error looking up a user: %w", err)
		}
		if err := change(tx, user); err != nil {
			return err
		}
		if err := dbsqlc.New().DashboardAuditInsert(ctx, tx, &dbsqlc.DashboardAuditInsertParams{
			MerchantID: user.MerchantID, Actor: actor, Action: action, Target: user.Email, CreatedAt: now,
		}); err != nil {
			return fmt.Errorf("error writing the audit log: %w", err)
		}
		return nil
	})
}
