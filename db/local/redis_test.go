package local

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestStartRedis(t *testing.T) {
	t.Parallel()

	server, err := StartRedis(t.Context())
	require.NoError(t, err)
	t.Cleanup(server.Close)
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	options.DialerRetries = 1
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })

	began := time.Now()
	require.NoError(t, client.Set(t.Context(), "short", "x", 200*time.Millisecond).Err())
	require.NoError(t, client.Set(t.Context(), "long", "x", time.Hour).Err())
	require.Equal(t, "x", client.Get(t.Context(), "short").Val())
	require.Eventually(t, func() bool {
		return client.Exists(t.Context(), "short").Val() == 0
	}, 10*time.Second, 10*time.Millisecond)
	require.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond, "expired before its time")
	require.Equal(t, "x", client.Get(t.Context(), "long").Val())

	server.Close()
	server.Close()
	require.Error(t, client.Ping(t.Context()).Err())
}
