package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	fastStop      = syscall.SIGINT
	immediateStop = syscall.SIGQUIT
	kill          = syscall.SIGKILL
)

// succeedsSince returns how long after a moment the client had its next success.
func (r *rig) succeedsSince(ctx context.Context, back time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	at, err := r.client.successAfterNow(ctx, "")
	return at.Sub(back), err
}

// answersAndSucceeds is the same from when Postgres answers.
func (r *rig) answersAndSucceeds(ctx context.Context) (time.Duration, error) {
	back, err := r.postgres.answers(ctx)
	if err != nil {
		return 0, err
	}
	return r.succeedsSince(ctx, back)
}

func stopPostgres(sig syscall.Signal) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		if err := r.postgres.end(ctx, sig); err != nil {
			return 0, err
		}
		if err := pause(ctx, f.length); err != nil {
			return 0, err
		}
		return r.answersAndSucceeds(ctx)
	}
}

// killBackend kills one session of Postgres, after which the server ends all others and recovers.
func killBackend(ctx context.Context, r *rig, _ fault) (time.Duration, error) {
	err := r.postgres.with(ctx, func(conn *pgx.Conn) error {
		var pid int
		if err := conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity
			WHERE application_name LIKE 'paygate%' ORDER BY state = 'active' DESC, random() LIMIT 1`).Scan(&pid); err != nil {
			return fmt.Errorf("error choosing a session: %w", err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("error killing a session: %w", err)
		}
		// The server ends this session, too; until then it has not begun to recover.
		for ctx.Err() == nil {
			if _, err := conn.Exec(ctx, "SELECT pg_sleep(0.01)"); err != nil {
				return nil //nolint:nilerr // it is what was waited for
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return 0, err
	}
	return r.answersAndSucceeds(ctx)
}

const terminateAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'paygate%'`

func terminateBackends(ctx context.Context, r *rig, _ fault) (time.Duration, error) {
	err := r.postgres.with(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, terminateAll)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("error ending sessions: %w", err)
	}
	return r.succeedsSince(ctx, time.Now())
}

// takeConnections ends the gateway's connections and takes all that there are.
func takeConnections(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	var taken []*pgx.Conn
	leave := func() {
		for _, conn := range taken {
			_ = conn.Close(context.WithoutCancel(ctx)) // nothing depends on it
		}
	}
	defer leave()
	end := time.Now().Add(f.length)
	ending := false
	for time.Now().Before(end) && ctx.Err() == nil {
		conn, err := r.postgres.connect(ctx)
		if err == nil {
			taken = append(taken, conn)
			continue
		}
		if !ending && len(taken) > 0 {
			ending = true
			if _, err := taken[0].Exec(ctx, terminateAll); err != nil {
				return 0, fmt.Errorf("error ending sessions: %w", err)
			}
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
	leave()
	taken = nil
	return r.answersAndSucceeds(ctx)
}

func fillDisk(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	v := r.postgres.volume
	if err := v.fill(); err != nil {
		return 0, errors.Join(err, v.free())
	}
	waited := pause(ctx, f.length)
	if err := errors.Join(v.free(), waited); err != nil {
		return 0, err
	}
	return r.answersAndSucceeds(ctx)
}

func slowLink(l *link) error  { return l.slow(80, 60) }
func resetLink(l *link) error { return l.reset(0) }
func cutLink(l *link) error   { l.cut(); return nil }

// chosen is the lines that a fault concerns: all, or those of one process.
func chosen(links []*link, f fault) []*link {
	if n := f.variant % (len(links) + 2); n < len(links) {
		return links[n : n+1]
	}
	return links
}

func worsenPostgres(worsen func(*link) error) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		if err := worsenLinks(ctx, chosen(r.postgres.links, f), f.length, worsen); err != nil {
			return 0, err
		}
		return r.succeedsSince(ctx, time.Now())
	}
}

func worsenRedis(worsen func(*link) error) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		return 0, worsenLinks(ctx, chosen(r.redis.links, f), f.length, worsen)
	}
}

func worsenLinks(ctx context.Context, links []*link, length time.Duration, worsen func(*link) error) error {
	err := each(links, worsen)
	waited := pause(ctx, length)
	return errors.Join(err, each(links, (*link).restore), waited)
}

func stopRedis(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	err := r.redis.end(ctx)
	waited := pause(ctx, f.length)
	return 0, errors.Join(err, waited, r.redis.start(ctx))
}

func flushRedis(ctx context.Context, r *rig, _ fault) (time.Duration, error) {
	return 0, r.redis.flush(ctx)
}

func freezeRedis(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	err := r.redis.signal(syscall.SIGSTOP)
	waited := pause(ctx, f.length)
	return 0, errors.Join(err, waited, r.redis.signal(syscall.SIGCONT))
}

func killSink(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	err := r.sink.die()
	waited := pause(ctx, f.length)
	if err := errors.Join(err, waited, r.sink.start(ctx)); err != nil {
		return 0, err
	}
	return r.hearsSince(ctx, time.Now())
}

func spoilSink(m manner) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		r.sink.behave(m)
		waited := pause(ctx, f.length)
		r.sink.behave(polite)
		if waited != nil {
			return 0, waited
		}
		return r.hearsSince(ctx, time.Now())
	}
}

// hearsSince returns how long after a moment the sink took a webhook. A breaker may keep them for a while.
func (r *rig) hearsSince(ctx context.Context, back time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	at, err := r.sink.takesAfter(ctx, back)
	return at.Sub(back), err
}
