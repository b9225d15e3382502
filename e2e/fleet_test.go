package e2e

import (
	"syscall"
	"testing"

	"paygate/db/dbtest"
)

// TestSeedOnAFleet tells the seed's story to two APIs over a Redis Cluster, with a process of workers for
// each queue; then the webhooks' process is gone for a while.
func TestSeedOnAFleet(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.env["REDIS_URL"] = dbtest.NewRedisCluster(t, 3).URL
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	_, first := g.start(t, "api")
	_, second := g.start(t, "api")
	g.start(t, "worker", "PAYGATE_QUEUES", "payments=20")
	webhooks, _ := g.start(t, "worker", "PAYGATE_QUEUES", "webhooks=20,maintenance=0")

	readSeed(t).tell(t, place{first, receiverURL})

	webhooks.end(t, syscall.SIGTERM)
	paid := payment(t, second)
	awaitStatus(t, second, "payments/"+paid.ID, "success")
	conn := g.connect(t)
	count := func(status string) func() (bool, error) {
		return func() (bool, error) {
			var n int
			err := conn.QueryRow(t.Context(), "SELECT count(*) FROM webhook_deliveries WHERE payment_id = $1 AND status = $2", paid.ID, status).Scan(&n)
			return n == 2, err
		}
	}
	wait(t, "its webhooks wait", count("pending"))
	g.start(t, "worker", "PAYGATE_QUEUES", "webhooks=20")
	wait(t, "its webhooks are delivered", count("delivered"))
	g.examine(t)
}
