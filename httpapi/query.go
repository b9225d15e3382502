package httpapi

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/page"
	"paygate/payments"
)

// query reads the parameters behind the `?`. The first one that is wrong is kept as err; what was
// asked for is noted, so that a parameter nobody reads can be refused.
type query struct {
	values url.Values
	read   []string
	err    error
}

// newQuery parses a query. What is not well-formed is an error: url.Values leaves it out without a word,
// and a filter that is left out returns everything.
func newQuery(raw string) *query {
	values, err := url.ParseQuery(raw)
	q := &query{values: values}
	if err != nil {
		q.err = fault.New(fault.InvalidParameter, "The query is not well-formed: put & between parameters, and percent-encode what is special in them.")
	}
	return q
}

func (q *query) fail(name, format string, args ...any) {
	if q.err == nil {
		q.err = fault.On(fault.InvalidParameter, name, format, args...)
	}
}

// text returns a parameter, or nil when it is not given. Given twice it is an error: which one counts?
func (q *query) text(name string) *string {
	q.read = append(q.read, name)
	switch given := q.values[name]; {
	case len(given) == 0:
		return nil
	case len(given) > 1:
		q.fail(name, "%s is given %d times. Give it once.", name, len(given))
		return nil
	case given[0] == "":
		q.fail(name, "%s is empty. Give it a value, or leave it out.", name)
		return nil
	default:
		return &given[0]
	}
}

// oneOf returns a parameter that must be one of a few words.
func (q *query) oneOf(name string, words ...string) *string {
	value := q.text(name)
	if value != nil && !slices.Contains(words, *value) {
		q.fail(name, "%s must be one of %s.", name, strings.Join(words, ", "))
	}
	return value
}

// id returns a parameter that must look like an id of one kind.
func (q *query) id(name string, prefix ids.Prefix) *string {
	value := q.text(name)
	if value != nil && !ids.Valid(prefix, *value) {
		q.fail(name, "%s must be an id that starts with %s.", name, prefix)
	}
	return value
}

// currency returns a parameter that must be an ISO 4217 code.
func (q *query) currency(name string) *string {
	value := q.text(name)
	if value == nil {
		return nil
	}
	code, err := payments.ParseCurrency(*value)
	if err != nil {
		q.fail(name, "%s must be an ISO 4217 code such as INR, USD or JPY.", name)
	}
	return &code
}

// time returns a parameter in the form of RFC 3339.
func (q *query) time(name string) *time.Time {
	value := q.text(name)
	if value == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339, *value)
	if err != nil || at.Year() < 1 || at.Year() > 9999 {
		q.fail(name, "%s must be a time in the form of RFC 3339, as in 2026-11-23T09:00:00Z.", name)
		return nil
	}
	return &at
}

// page returns which page of a list is wanted.
func (q *query) page(prefix ids.Prefix) page.Params {
	params := page.Params{}
	if limit := q.text("limit"); limit != nil {
		n, err := strconv.Atoi(*limit)
		if err != nil || strconv.Itoa(n) != *limit || n < 1 || n > page.MaxLimit {
			q.fail("limit", "limit must be a whole number from 1 to %d.", page.MaxLimit)
		}
		params.Limit = n
	}
	if after := q.id("starting_after", prefix); after != nil {
		params.StartingAfter = *after
	}
	if before := q.id("ending_before", prefix); before != nil {
		params.EndingBefore = *before
	}
	return params
}

// check returns the first error, or one for a parameter that the route does not know: a misspelt
// filter would otherwise return everything.
func (q *query) check() error {
	if q.err != nil {
		return q.err
	}
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if slices.Contains(q.read, name) {
			continue
		}
		name = shown(name)
		if len(q.read) == 0 {
			return fault.On(fault.InvalidParameter, name, "%q is not a parameter of this route; it takes none.", name)
		}
		return fault.On(fault.InvalidParameter, name, "%q is not a parameter of this route. It knows %s.", name, strings.Join(q.read, ", "))
	}
	return nil
}

// shown makes a name that a caller made up fit to be sent back: it may be anything, of any length.
func shown(name string) string {
	const most = 64
	name = strings.ToValidUTF8(name, "\uFFFD")
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}

// one checks a call about one record, which has nothing but the id in its path. An id that cannot
// exist is not found, like one that does not.
func (c *call) one(prefix ids.Prefix) error {
	if err := c.query.check(); err != nil {
		return err
	}
	if !ids.Valid(prefix, c.id) {
		return fault.New(fault.NotFound, "There is nothing with this id: ids of this kind start with %s.", prefix)
	}
	return nil
}
