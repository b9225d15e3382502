package gate

import (
	"cmp"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// DefaultTimeout bounds a round trip. Redis answers within a millisecond; a tenth of a second leaves
// room for a busy machine, and is what the first few requests may lose when Redis dies.
const DefaultTimeout = 100 * time.Millisecond

// poolSize is little, since a Gate sends one batch at a time; the rest is for probes.
const poolSize = 4

// NewClient returns a client for a Gate, of one Redis, of Sentinels or of a Cluster: it fails within
// timeout, or DefaultTimeout when that is zero, and tries nothing twice. The options are those of
// ParseURL; what concerns time and retries is replaced.
func NewClient(options *redis.UniversalOptions, timeout time.Duration) redis.UniversalClient {
	timeout = cmp.Or(timeout, DefaultTimeout)
	o := *options
	o.ContextTimeoutEnabled = true
	o.DialTimeout = timeout
	o.ReadTimeout = timeout
	o.WriteTimeout = timeout
	o.PoolTimeout = timeout
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.PoolSize = poolSize
	// Announcements of a managed Redis' maintenance would relax the time-outs.
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(&o)
}
