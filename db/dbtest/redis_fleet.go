package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paygate/db/local"
	"paygate/db/local/process"
)

// RedisNode is one server of a fleet, which a test may kill and start again.
type RedisNode struct {
	// Address is its host and port.
	Address string

	tb      testing.TB
	program string
	dir     string
	port    int
	args    []string
	child   *process.Process
}

// Kill ends the server as a crash does.
func (n *RedisNode) Kill() {
	n.tb.Helper()
	_ = n.child.Stop(context.Background(), redisStopGrace, syscall.SIGKILL) // of which it reports
}

// Start brings a killed server back, at its address, with what it has on disk.
func (n *RedisNode) Start() {
	n.tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.tb.Context()), patience)
	defer cancel()
	child, _, err := startRedisAt(ctx, n.program, n.dir, n.port, n.args)
	if err != nil {
		n.tb.Fatalf("dbtest: %v", err)
	}
	n.child = child
}

// Do runs a command on this server.
func (n *RedisNode) Do(args ...any) *goredis.Cmd {
	n.tb.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: n.Address, PoolSize: 1, MaxRetries: -1})
	defer client.Close()
	return client.Do(context.WithoutCancel(n.tb.Context()), args...)
}

// must is Do for what cannot go wrong.
func (n *RedisNode) must(args ...any) {
	n.tb.Helper()
	if err := n.Do(args...).Err(); err != nil {
		n.tb.Fatalf("dbtest: %v: %v", args, err)
	}
}

// startNode starts a server of a fleet, which ends with the test.
func startNode(tb testing.TB, args func(port int) []string) *RedisNode {
	tb.Helper()
	program := redisProgram()
	if program == "" {
		tb.Fatal("dbtest: a fleet of Redis servers needs redis-server: on Debian, apt-get install redis-server")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	// Not the test's own folder, whose path may be too long for the server.
	dir, err := runFolder(ctx)
	if err == nil {
		dir, err = os.MkdirTemp(dir, "redis-node-")
	}
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	n := &RedisNode{tb: tb, program: program, dir: dir}
	n.child, n.port, err = launchRedis(ctx, program, dir, func(port int) []string {
		n.args = args(port)
		return n.args
	})
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	n.Address = onLoopback(n.port)
	tb.Cleanup(func() {
		n.Kill()
		if err := os.RemoveAll(n.dir); err != nil {
			tb.Errorf("dbtest: error removing a Redis' folder: %v", err)
		}
	})
	return n
}

// RedisCluster is a Redis Cluster of masters without replicas.
type RedisCluster struct {
	// URL names one of the nodes; the others are found by it.
	URL   string
	Nodes []*RedisNode
}

// slots is how many a Cluster has.
const slots = 16384

// NewRedisCluster starts a Redis Cluster of this many masters and waits until it serves. It ends with the test.
func NewRedisCluster(tb testing.TB, masters int) *RedisCluster {
	tb.Helper()
	c := &RedisCluster{}
	for range masters {
		c.Nodes = append(c.Nodes, startNode(tb, func(int) []string {
			// The port for each other is the port plus 10,000 by default, which may be none or another's.
			return []string{
				"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(freePort(tb)),
				"--cluster-node-timeout", "1000", "--save", "", "--appendonly", "no",
			}
		}))
	}
	c.URL = "redis+cluster://" + c.Nodes[0].Address
	for i, n := range c.Nodes {
		n.must("CLUSTER", "SET-CONFIG-EPOCH", i+1)
		n.must("CLUSTER", "ADDSLOTSRANGE", i*slots/masters, (i+1)*slots/masters-1)
		if i > 0 {
			n.must("CLUSTER", "MEET", "127.0.0.1", c.Nodes[0].port, c.Nodes[0].busPort())
		}
	}
	c.Await()
	return c
}

// busPort is where a node talks with the others.
func (n *RedisNode) busPort() int {
	for i, arg := range n.args {
		if arg == "--cluster-port" {
			port, _ := strconv.Atoi(n.args[i+1]) // made from a number
			return port
		}
	}
	return 0
}

// Await returns when every node holds the Cluster to be whole.
func (c *RedisCluster) Await() {
	first := c.Nodes[0]
	first.tb.Helper()
	await(first.tb, "the Cluster to be whole", func() bool {
		for _, n := range c.Nodes {
			info, err := n.Do("CLUSTER", "INFO").Text()
			if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c.Nodes))) {
				return false
			}
		}
		return true
	})
}

// RedisSentinels is a master with a replica, and three Sentinels who watch them.
type RedisSentinels struct {
	URL             string
	Master, Replica *RedisNode
	Sentinels       []*RedisNode
}

// masterName is what the Sentinels call the master.
const masterName = "paygate"

// NewRedisSentinels starts a master, its replica and three Sentinels, and waits until the Sentinels know each
// other. A master that is dead for half a second is replaced. They end with the test.
func NewRedisSentinels(tb testing.TB) *RedisSentinels {
	tb.Helper()
	s := &RedisSentinels{}
	plain := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	s.Master = startNode(tb, func(int) []string { return plain })
	s.Replica = startNode(tb, func(int) []string {
		return append([]string{"--replicaof", fmt.Sprintf("127.0.0.1 %d", s.Master.port)}, plain...)
	})
	await(tb, "the replica to follow", func() bool {
		info, err := s.Replica.Do("INFO", "replication").Text()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	var addresses []string
	for range 3 {
		sentinel := startNode(tb, func(port int) []string { return []string{s.configuration(tb, port), "--sentinel"} })
		s.Sentinels = append(s.Sentinels, sentinel)
		addresses = append(addresses, sentinel.Address)
	}
	s.URL = "redis+sentinel://" + strings.Join(addresses, ",") + "/0?master_name=" + masterName
	await(tb, "the Sentinels to know each other and the replica", func() bool {
		for _, sentinel := range s.Sentinels {
			info, err := sentinel.Do("INFO", "sentinel").Text()
			if err != nil || !strings.Contains(info, "slaves=1,sentinels=3") {
				return false
			}
		}
		return true
	})
	return s
}

// configuration writes the file that a Sentinel needs, since it notes there what it learns.
func (s *RedisSentinels) configuration(tb testing.TB, port int) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), strconv.Itoa(port)+".conf")
	lines := fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 2\nsentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 3000\n",
		masterName, s.Master.port)
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	return file
}

// AwaitFailover returns when the Sentinels name the replica as the master.
func (s *RedisSentinels) AwaitFailover() {
	s.Master.tb.Helper()
	await(s.Master.tb, "the replica to be promoted", func() bool {
		for _, sentinel := range s.Sentinels {
			reply, err := sentinel.Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName).StringSlice()
			if err != nil || len(reply) != 2 || reply[1] != strconv.Itoa(s.Replica.port) {
				return false
			}
		}
		info, err := s.Replica.Do("INFO", "replication").Text()
		return err == nil && strings.Contains(info, "role:master")
	})
}

func freePort(tb testing.TB) int {
	tb.Helper()
	port, err := local.FreePort(context.WithoutCancel(tb.Context()))
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	return port
}

// await looks until what it waits for is so.
func await(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(tb.Context()), patience, errors.New("it did not happen"))
	defer cancel()
	ticker := time.NewTicker(10 * redisInterval)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			tb.Fatalf("dbtest: error waiting for %s: %v", what, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}
