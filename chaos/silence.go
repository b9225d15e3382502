package main

import "time"

// ear measures the longest time without a success.
type ear struct {
	last    time.Time
	longest time.Duration
}

func (e *ear) hear(now time.Time) {
	e.longest = max(e.longest, now.Sub(e.last))
	e.last = now
}

// listen returns what stops listening, and tells the longest time without a success until then.
func (c *client) listen() func() time.Duration {
	e := &ear{last: time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ears[e] = struct{}{}
	return func() time.Duration {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ears, e)
		e.hear(time.Now())
		return e.longest
	}
}
