package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/bench/load"
	"paygate/db/local/process"
)

// The size of a comparison. Sides take turns, for what else the machine does changes by the minute.
const (
	intakeRounds      = 4
	intakeConnections = 64
	intakePhase       = 5 * time.Second
	demoSecret        = "secret_test_xyz789"
)

// side is an API on a database.
type side struct {
	name, databaseURL string
	target            load.Target
	rates             []float64
}

// compareIntake has payments made in the filled database and in an empty one on the same server.
func (o options) compareIntake(ctx context.Context, filledURL string, out io.Writer) (err error) {
	emptyURL, err := emptyDatabase(ctx, filledURL)
	if err != nil {
		return err
	}
	redis, err := miniredis.Run()
	if err != nil {
		return fmt.Errorf("error starting a Redis: %w", err)
	}
	defer redis.Close()
	sides := []*side{{name: "filled", databaseURL: filledURL}, {name: "empty", databaseURL: emptyURL}}
	for i, s := range sides {
		stop, startErr := o.startAPI(ctx, s, i, redis.Addr())
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	for round := range intakeRounds + 1 {
		for _, s := range sides {
			result, err := load.Run(ctx, load.Options{Target: s.target, Connections: intakeConnections, Duration: intakePhase})
			if err != nil {
				return err
			}
			if round == 0 {
				continue // it reads pages and makes plans that it then has
			}
			s.rates = append(s.rates, result.Rate())
			if _, err := fmt.Fprintf(out, "round %d, %s: %.0f/s, p50 %.1f ms, p99 %.1f ms\n", round, s.name, result.Rate(), ms(result.Latencies, .5), ms(result.Latencies, .99)); err != nil {
				return err
			}
		}
	}
	filled, empty := median(sides[0].rates), median(sides[1].rates)
	_, err = fmt.Fprintf(out, "intake of the filled one is %.2f × that of the empty one (medians %.0f and %.0f a second)\n", filled/empty, filled, empty)
	return err
}

func median(rates []float64) float64 {
	slices.Sort(rates)
	return rates[len(rates)/2]
}

// emptyDatabase makes one on the server of another.
func emptyDatabase(ctx context.Context, besideURL string) (string, error) {
	pool, err := pgxpool.New(ctx, besideURL)
	if err != nil {
		return "", fmt.Errorf("error connecting: %w", err)
	}
	defer pool.Close()
	for _, statement := range []string{"DROP DATABASE IF EXISTS empty", "CREATE DATABASE empty"} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return "", fmt.Errorf("error making an empty database: %w", err)
		}
	}
	address, err := url.Parse(besideURL)
	if err != nil {
		return "", fmt.Errorf("error reading the URL of a database: %w", err)
	}
	address.Path = "/empty"
	return address.String(), nil
}

// startAPI starts the API of a side, without workers.
func (o options) startAPI(ctx context.Context, s *side, n int, redisAddr string) (stop func() error, err error) {
	addr := fmt.Sprintf("127.0.0.1:%d", 18080+n)
	env := []string{
		"DATABASE_URL=" + s.databaseURL, "PAYGATE_DEVELOPMENT=true", "PAYGATE_LOG_LEVEL=warn", "RATE_LIMIT=1000000/s", fmt.Sprintf("REDIS_URL=redis://%s/%d", redisAddr, n),
		"PAYGATE_API_ADDR=" + addr, fmt.Sprintf("PAYGATE_ADMIN_ADDR=127.0.0.1:%d", 18090+n), "PATH=/usr/bin:/bin", "HOME=" + filepath.Join(o.folder, "run"),
	}
	for _, command := range []string{"migrate", "seed"} {
		prepare := exec.CommandContext(ctx, o.gateway, command)
		prepare.Env = env
		if said, err := prepare.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("error running paygate %s: %w\n%s", command, err, said)
		}
	}
	api, err := process.Start(process.Spec{Path: o.gateway, Args: []string{"api"}, Dir: o.folder, Env: env, OnParentDeath: syscall.SIGKILL})
	if err != nil {
		return nil, fmt.Errorf("error starting an API: %w", err)
	}
	stop = func() error {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return api.Stop(stopping, 20*time.Second, syscall.SIGTERM)
	}
	if s.target, err = load.NewTarget("http://"+addr, demoSecret); err != nil {
		return nil, errors.Join(err, stop())
	}
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return stop, conn.Close()
		}
		select {
		case <-api.Done():
			return nil, fmt.Errorf("an API ended:\n%s", api.Tail())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), stop())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
