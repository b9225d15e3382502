package local

import (
	"context"
	"errors"
	"path/filepath"

	"paygate/db/local/process"
)

// Installed is for those who start a Postgres by other means than StartPostgres, as Patroni does: it returns the
// folder of the machine's own server programs, and the account to run them as on data in dir, nil when that is the user
// of this process. It downloads nothing. dir must exist; it may be given to the account.
func Installed(ctx context.Context, dir string) (programs string, account *process.Account, err error) {
	found, _, ok := findBinaries(ctx, 0)
	if !ok {
		return "", nil, errors.New("PostgreSQL is not installed: on Debian, apt-get install postgresql")
	}
	account, err = serverAccount(ctx, dir, found.postgres, true)
	return filepath.Dir(found.postgres), account, err
}
