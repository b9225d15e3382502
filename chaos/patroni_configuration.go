package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"paygate/db/local"
)

const (
	superuser    = "paygate"
	replicator   = "replicator"
	databaseName = "paygate"
)

// Patroni's times. A primary whose lease has ended is replaced; one that cannot renew it steps down before
// that. A third of the defaults, so that a run shows several failovers.
const (
	leaseSeconds = 10 // ttl
	loopSeconds  = 2  // loop_wait
	retrySeconds = 4  // retry_timeout
)

type object = map[string]any

// configuration is Patroni's, as JSON, which is YAML.
func (n *node) configuration(ctx context.Context, password string) ([]byte, error) {
	programs, _, err := local.Installed(ctx, n.dir)
	if err != nil {
		return nil, fmt.Errorf("error looking for Postgres: %w", err)
	}
	login := func(role string) object { return object{"username": role, "password": password} }
	text, err := json.Marshal(object{
		"scope": "paygate",
		"name":  n.name,
		"restapi": object{
			"listen": n.rest, "connect_address": n.toRest.addr(),
		},
		// A list of proxies: otherwise Patroni asks etcd for its address, and goes past the line.
		"etcd3": object{"hosts": []string{n.toEtcd.addr()}, "protocol": "http", "use_proxies": true},
		"bootstrap": object{
			"dcs": object{
				"ttl": leaseSeconds, "loop_wait": loopSeconds, "retry_timeout": retrySeconds,
				"synchronous_mode": true,
				// Not strict: while the other node is away, one alone goes on. Patroni never makes the other one a primary then.
				"synchronous_mode_strict": false,
				"postgresql": object{
					"use_pg_rewind": true,
					"parameters": object{
						"max_connections": strconv.Itoa(maxConnections), "shared_buffers": "128MB", "timezone": "UTC", "log_timezone": "UTC",
						"max_wal_size": "256MB", "wal_keep_size": "256MB",
					},
				},
			},
			"initdb": []any{object{"encoding": "UTF8"}, object{"locale": "C.UTF-8"}, "data-checksums"},
		},
		"postgresql": object{
			"listen": n.listen, "connect_address": n.toNode.addr(), "data_dir": n.data(), "bin_dir": programs,
			"authentication": object{"superuser": login(superuser), "replication": login(replicator), "rewind": login(superuser)},
			"pg_hba": []string{
				"host all all 127.0.0.1/32 scram-sha-256",
				"host replication " + replicator + " 127.0.0.1/32 scram-sha-256",
			},
			"parameters": object{"unix_socket_directories": ""},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("error writing Patroni's configuration: %w", err)
	}
	return text, nil
}

// proxyConfiguration is HAProxy's: connections go to the node whose Patroni says that it leads, and end when it
// says so no more.
func (c *cluster) proxyConfiguration() string {
	var b strings.Builder
	fmt.Fprintf(&b, `global
    maxconn 1000
defaults
    mode tcp
    retries 0
    timeout connect 1s
    timeout client 1h
    timeout server 1h
    timeout check 1s
listen primary
    bind %s
    option httpchk GET /primary
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
`, c.front)
	for _, n := range c.nodes {
		_, port, _ := net.SplitHostPort(n.toRest.addr()) // it has one
		fmt.Fprintf(&b, "    server %s %s check port %s\n", n.name, n.toNode.addr(), port)
	}
	return b.String()
}
