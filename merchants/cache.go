package merchants

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"

	"paygate/bounded"
	"paygate/db/dbsqlc"
	"paygate/fault"
)

// How long what was read is believed. A revoked key is refused everywhere within a second, for what
// was read before the revocation has gone by then; a new one is accepted at once, or after missesFor
// where it was tried too early.
//
// Announcing revocations (LISTEN/NOTIFY) was weighed and rejected: it needs a connection in each
// process, and, for the time that connection is broken, the same bound on age anyway.
const (
	hitsFor   = 900 * time.Millisecond
	missesFor = 250 * time.Millisecond
)

// readTimeout bounds a look-up, which goes on when the request that began it has left.
const readTimeout = 5 * time.Second

// record is a key as the database has it, with what concerns its merchant. It is shared: nobody
// changes it.
type record struct {
	key       dbsqlc.APIKey
	rateLimit string
}

// cache holds what was read of late, bounded in number and age. Its zero value is ready.
//
// Misses have a map of their own, so that somebody who tries secrets cannot push out the keys that
// are in use.
type cache struct {
	hits, misses bounded.Map[string, cached]
	flights      singleflight.Group
}

type cached struct {
	record *record // nil where there is none
	readAt time.Time
}

// get returns the record under name, or the error of read. Concurrent callers share one read. What
// read refuses with credentials_invalid is remembered, too; other errors are not.
func (c *cache) get(ctx context.Context, name string, read func(context.Context) (*record, error)) (*record, error) {
	if hit, ok := c.hits.Get(name); ok && time.Since(hit.readAt) < hitsFor {
		return hit.record, nil
	}
	if miss, ok := c.misses.Get(name); ok && time.Since(miss.readAt) < missesFor {
		return nil, invalid()
	}
	flight := c.flights.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		readAt := time.Now() // before, so that nothing is believed for longer than it was true
		found, err := read(ctx)
		switch {
		case err == nil:
			c.hits.Put(name, cached{found, readAt})
		case fault.CodeOf(err) == fault.CredentialsInvalid:
			c.misses.Put(name, cached{nil, readAt})
		}
		return found, err
	})
	select {
	case result := <-flight:
		found, _ := result.Val.(*record)
		return found, result.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
