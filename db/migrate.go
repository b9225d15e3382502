package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// RiverSchemaVersion pins River's own migrations, so that a new River is a visible change here.
const RiverSchemaVersion = 8

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrStaleSchema says that the database lacks migrations that this binary needs.
var ErrStaleSchema = errors.New("the database schema is older than this binary: run `paygate migrate`")

// SchemaVersion is the newest migration of this binary, River's apart.
func SchemaVersion() (int64, error) {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return 0, fmt.Errorf("error listing the embedded migrations: %w", err)
	}
	newest, err := goose.NumericComponent(files[len(files)-1].Name()) // ReadDir sorts, and the numbers have leading zeros
	if err != nil {
		return 0, fmt.Errorf("error reading the number of a migration: %w", err)
	}
	return newest, nil
}

// Migrate brings the database to the schema of this binary: River's with its own migrations, then ours
// with goose, which may refer to River's tables. It is safe to run from several processes at once; a
// session lock lets one go first.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := riverMigrator(pool)
	if err != nil {
		return err
	}
	// River's migrator takes no lock of its own. The lock is the session's, not a transaction's: River's
	// migrations need to commit one by one.
	err = locked(ctx, pool, func() error {
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: RiverSchemaVersion}); err != nil {
			return fmt.Errorf("error migrating River's schema: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return withProvider(pool, func(provider *goose.Provider) error {
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("error migrating the schema: %w", err)
		}
		return nil
	})
}

// locked runs do while this session holds the migration lock.
func locked(ctx context.Context, pool *pgxpool.Pool, do func() error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("error acquiring a connection for the migration lock: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		return fmt.Errorf("error waiting for another migration: %w", err)
	}
	err = do()
	// A session that cannot unlock is broken, and closing it unlocks as well.
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock.DefaultLockID); unlockErr != nil {
		return errors.Join(err, fmt.Errorf("error giving back the migration lock: %w", unlockErr))
	}
	return err
}

// CheckSchema returns ErrStaleSchema when a migration of this binary is missing. A newer
// schema is accepted: during a rolling upgrade the old processes run on it.
func CheckSchema(ctx context.Context, pool *pgxpool.Pool) error {
	return withProvider(pool, func(provider *goose.Provider) error {
		// Looked up by hand: asking goose for the version would create its table.
		var exists bool
		if err := pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", goose.DefaultTablename).Scan(&exists); err != nil {
			return fmt.Errorf("error reading the schema version: %w", err)
		}
		if !exists {
			return ErrStaleSchema
		}
		current, target, err := provider.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("error reading the schema version: %w", err)
		}
		if current < target {
			return fmt.Errorf("%w (it is at %d, this binary needs %d)", ErrStaleSchema, current, target)
		}
		migrator, err := riverMigrator(pool)
		if err != nil {
			return err
		}
		valid, err := migrator.Validate(ctx, &rivermigrate.ValidateOpts{TargetVersion: RiverSchemaVersion})
		if err != nil {
			return fmt.Errorf("error validating River's schema: %w", err)
		}
		if !valid.OK {
			return fmt.Errorf("%w (River's tables)", ErrStaleSchema)
		}
		return nil
	})
}

func withProvider(pool *pgxpool.Pool, do func(*goose.Provider) error) (err error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return fmt.Errorf("error opening the embedded migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("error preparing the migration lock: %w", err)
	}
	database := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, database.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("error preparing migrations: %w", err)
	}
	return do(provider)
}

func riverMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return nil, fmt.Errorf("error preparing River's migrations: %w", err)
	}
	return migrator, nil
}
