package page_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/fault"
	"paygate/page"
)

type row struct {
	id string
	at time.Time
}

// source pages through rows in memory as a keyset query would.
func source(rows []row) page.Source[row, string] {
	newestFirst := slices.SortedFunc(slices.Values(rows), func(a, b row) int {
		if order := b.at.Compare(a.at); order != 0 {
			return order
		}
		if a.id > b.id {
			return -1
		}
		return 1
	})
	older := func(a row, at time.Time, id string) bool { return a.at.Before(at) || a.at.Equal(at) && a.id < id }
	return page.Source[row, string]{
		At: func(id string) (time.Time, error) {
			for _, r := range rows {
				if r.id == id {
					return r.at, nil
				}
			}
			return time.Time{}, pgx.ErrNoRows
		},
		Down: func(at *time.Time, id string, limit int32) (found []row, err error) {
			for _, r := range newestFirst {
				if (at == nil || older(r, *at, id)) && len(found) < int(limit) {
					found = append(found, r)
				}
			}
			return found, nil
		},
		Up: func(at time.Time, id string, limit int32) (found []row, err error) {
			for _, r := range slices.Backward(newestFirst) {
				if r.id != id && !older(r, at, id) && len(found) < int(limit) {
					found = append(found, r)
				}
			}
			return found, nil
		},
		Show: func(r row) string { return r.id },
	}
}

func TestRead_WalksBothWays(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		n, limit := rapid.IntRange(0, 30).Draw(t, "rows"), rapid.IntRange(1, 7).Draw(t, "limit")
		rows := make([]row, n)
		for i := range rows {
			rows[i] = row{fmt.Sprintf("r%03d", i), time.Unix(rapid.Int64Range(0, 3).Draw(t, "second"), 0)}
		}
		all := source(rows)
		everything, err := page.Read(page.Params{Limit: 100}, all)
		require.NoError(t, err)
		require.Len(t, everything.Data, n)
		require.Equal(t, "list", everything.Object)
		require.False(t, everything.HasMore)

		walked := []string{}
		for params := (page.Params{Limit: limit}); ; params.StartingAfter = walked[len(walked)-1] {
			list, err := page.Read(params, all)
			require.NoError(t, err)
			walked = append(walked, list.Data...)
			require.Equal(t, len(walked) < n, list.HasMore)
			if !list.HasMore {
				break
			}
		}
		require.Equal(t, everything.Data, walked)
		if n == 0 {
			return
		}
		back := []string{walked[n-1]}
		for {
			list, err := page.Read(page.Params{Limit: limit, EndingBefore: back[0]}, all)
			require.NoError(t, err)
			back = append(slices.Clone(list.Data), back...)
			require.Equal(t, len(back) < n, list.HasMore)
			if !list.HasMore {
				break
			}
		}
		require.Equal(t, everything.Data, back)
	})
}

func TestRead_Refuses(t *testing.T) {
	t.Parallel()

	all := source([]row{{"a", time.Unix(0, 0)}})
	for param, params := range map[string]page.Params{
		"starting_after": {StartingAfter: "b"},
		"ending_before":  {EndingBefore: "b"},
	} {
		_, err := page.Read(params, all)
		require.Equal(t, fault.InvalidCursor, fault.CodeOf(err))
		require.Equal(t, param, fault.From(err).Param)
	}
	_, err := page.Read(page.Params{StartingAfter: "a", EndingBefore: "a"}, all)
	require.Equal(t, fault.InvalidCursor, fault.CodeOf(err))

	trouble := errors.New("trouble")
	all.At = func(string) (time.Time, error) { return time.Time{}, trouble }
	_, err = page.Read(page.Params{StartingAfter: "a"}, all)
	require.ErrorIs(t, err, trouble)
	all.Down = func(*time.Time, string, int32) ([]row, error) { return nil, trouble }
	_, err = page.Read(page.Params{}, all)
	require.ErrorIs(t, err, trouble)
}
