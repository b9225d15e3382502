// Package page reads lists by keyset: a page starts at a record, not at an offset, so
// its cost does not grow with its depth and new records do not shift it.
package page

import (
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/fault"
)

// The bounds of Params.Limit.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Params says which page: the newest records, or those around one record.
type Params struct {
	// Limit is 1–100; zero means DefaultLimit.
	Limit int
	// StartingAfter is the id of the record before the page, in the list's order (newest first).
	StartingAfter string
	// EndingBefore is the id of the record after the page. At most one of the two is set.
	EndingBefore string
}

// List is one page as the API shows it.
type List[T any] struct {
	Object  string `json:"object"`
	Data    []T    `json:"data"`
	HasMore bool   `json:"has_more"`
}

// Source is what one kind of record offers for paging. Rows come newest first from Down and
// oldest first from Up.
type Source[Row, T any] struct {
	// At is when the record with this id was made; pgx.ErrNoRows when the caller has none such.
	At func(id string) (time.Time, error)
	// Down reads the records older than the cursor, or the newest ones for a nil time.
	Down func(beforeAt *time.Time, beforeID string, limit int32) ([]Row, error)
	// Up reads the records newer than the cursor.
	Up func(afterAt time.Time, afterID string, limit int32) ([]Row, error)
	// Show turns a row into the resource.
	Show func(Row) T
}

// Read returns the page. It fails with invalid_cursor when the cursor names no record of the
// caller, and with the source's own errors.
func Read[Row, T any](params Params, source Source[Row, T]) (*List[T], error) {
	limit := params.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	// One more than asked tells whether there is another page.
	ask := int32(limit) + 1
	var rows []Row
	var err error
	switch {
	case params.StartingAfter != "" && params.EndingBefore != "":
		return nil, fault.On(fault.InvalidCursor, "ending_before", "Give starting_after or ending_before, not both.")
	case params.EndingBefore != "":
		var at time.Time
		if at, err = cursor("ending_before", params.EndingBefore, source.At); err == nil {
			rows, err = source.Up(at, params.EndingBefore, ask)
		}
	case params.StartingAfter != "":
		var at time.Time
		if at, err = cursor("starting_after", params.StartingAfter, source.At); err == nil {
			rows, err = source.Down(&at, params.StartingAfter, ask)
		}
	default:
		rows, err = source.Down(nil, "", ask)
	}
	if err != nil {
		return nil, err
	}
	list := &List[T]{Object: "list", Data: make([]T, 0, min(len(rows), limit)), HasMore: len(rows) > limit}
	for _, row := range rows[:min(len(rows), limit)] {
		list.Data = append(list.Data, source.Show(row))
	}
	if params.EndingBefore != "" {
		slices.Reverse(list.Data)
	}
	return list, nil
}

func cursor(param, id string, at func(string) (time.Time, error)) (time.Time, error) {
	t, err := at(id)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fault.On(fault.InvalidCursor, param, "%s names no record in this list. Use the id of a record from an earlier page.", param)
	}
	return t, err
}
