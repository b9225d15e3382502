package groupcommit_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/groupcommit"
)

// One statement writes the rows of all callers; each gets the number of its own.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "") // from the environment
	if err != nil {
		panic(err)
	}
	group := groupcommit.New(pool, func(ctx context.Context, tx pgx.Tx, names []string) ([]groupcommit.Result[int64], error) {
		rows, err := tx.Query(ctx, `insert into visitor (name) select unnest($1::text[]) returning id`, names)
		if err != nil {
			return nil, fmt.Errorf("error inserting visitors: %w", err)
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (result groupcommit.Result[int64], err error) {
			return result, row.Scan(&result.Value)
		})
	}, groupcommit.Options[string, int64]{Name: "visitors"})

	id, err := group.Do(ctx, "Ada") // in as many goroutines as there are requests
	fmt.Println(id, err)

	if err := group.Close(ctx); err != nil { // after the server has stopped
		panic(err)
	}
}
