package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// killMember ends a process without warning. For a worker, what counts is when its jobs run again.
func killMember(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	m := r.members[f.target]
	began := time.Now()
	if err := m.kill(ctx, f.length); err != nil {
		return 0, err
	}
	if m.role == "worker" {
		return r.jobsRunAgain(ctx, began)
	}
	return r.servesAgain(ctx, m, began)
}

// drainMember asks a process to end, and lets it be started again.
func drainMember(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	m := r.members[f.target]
	began := time.Now()
	if err := m.drain(ctx, f.length); err != nil {
		return 0, err
	}
	return r.servesAgain(ctx, m, began)
}

func (r *rig) servesAgain(ctx context.Context, m *member, began time.Time) (time.Duration, error) {
	err := m.startsAgain(ctx)
	return time.Since(began), err
}

// startsAgain waits for the process that comes after one that has ended.
func (m *member) startsAgain(ctx context.Context) error {
	ended := m.running()
	err := await(ctx, startLimit, 10*time.Millisecond, func(context.Context) error {
		if m.running() == ended {
			return errors.New("it has not been started again")
		}
		return nil
	})
	return errors.Join(err, m.ready(ctx))
}

// stopAPI lets a process hang with everything that it holds.
func stopAPI(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	m := r.members[f.target]
	p := m.running()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return 0, err
	}
	waited := pause(ctx, f.length)
	if err := errors.Join(p.Signal(syscall.SIGCONT), waited); err != nil {
		return 0, err
	}
	began := time.Now()
	err := m.ready(ctx)
	return time.Since(began), err
}

// stopWorker lets a worker hang until others have done its work, and then come back to it.
func stopWorker(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	p := r.members[f.target].running()
	began := time.Now()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return 0, err
	}
	took, err := r.jobsRunAgain(ctx, began)
	waited := pause(ctx, f.length-time.Since(began))
	return took, errors.Join(err, p.Signal(syscall.SIGCONT), waited)
}

// jobsRunAgain waits until none of the jobs that run now is where it is, and returns how long that took.
func (r *rig) jobsRunAgain(ctx context.Context, began time.Time) (time.Duration, error) {
	var jobs []int64
	var attempts []int16
	// Again when the database goes away meanwhile, which is another fault.
	err := await(ctx, time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
		jobs, attempts = nil, nil
		return r.postgres.with(ctx, func(conn *pgx.Conn) error {
			rows, err := conn.Query(ctx, "SELECT id, attempt FROM river_job WHERE state = 'running'")
			if err != nil {
				return fmt.Errorf("error looking for running jobs: %w", err)
			}
			var id int64
			var attempt int16
			_, err = pgx.ForEachRow(rows, []any{&id, &attempt}, func() error {
				jobs, attempts = append(jobs, id), append(attempts, attempt)
				return nil
			})
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	// Longer than is promised: by how much it failed is worth knowing.
	err = await(ctx, 2*boundJobs, 200*time.Millisecond, func(ctx context.Context) error {
		var left int
		err := r.postgres.with(ctx, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `SELECT count(*) FROM river_job j
				JOIN unnest($1::bigint[], $2::smallint[]) AS was (id, attempt) ON was.id = j.id AND was.attempt = j.attempt
				WHERE j.state = 'running'`, jobs, attempts).Scan(&left)
		})
		if err == nil && left > 0 {
			err = fmt.Errorf("%d of %d jobs have not", left, len(jobs))
		}
		return err
	})
	took := time.Since(began)
	r.log.say("%d jobs were running", len(jobs))
	return took, err
}

// rollingRestart replaces one process after the other, as a deployment does.
func rollingRestart(ctx context.Context, r *rig, _ fault) (time.Duration, error) {
	began := time.Now()
	for _, m := range r.members {
		if err := m.drain(ctx, 0); err != nil {
			return 0, err
		}
		if err := m.startsAgain(ctx); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// rollingUpgrade migrates with the next release, while the old one serves, and then replaces the processes. When there is no
// next release, not yet or not any more, it is a rolling restart.
func rollingUpgrade(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	began := time.Now()
	select {
	case next := <-r.builds.upgrades:
		r.log.say("upgrading to %s", next.plain)
		// Again, as an operator would, where another fault is not over: a full disk has no room for an index either.
		err := await(ctx, time.Minute, time.Second, func(ctx context.Context) error {
			_, err := r.paygate(ctx, next.plain, "migrate")
			return err
		})
		if err != nil {
			return 0, err
		}
		for _, m := range r.members {
			m.replace(next.of(m))
		}
	default:
	}
	if _, err := rollingRestart(ctx, r, f); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// moveClock sets a process' clock wrong by up to two minutes, and right again. That is longer than a job may
// be left alone, and less than what would make a signature too old.
func moveClock(direction int) func(context.Context, *rig, fault) (time.Duration, error) {
	return func(ctx context.Context, r *rig, f fault) (time.Duration, error) {
		m := r.members[f.target]
		if err := m.setClock(direction * (30 + f.variant%90)); err != nil {
			return 0, err
		}
		waited := pause(ctx, f.length)
		return 0, errors.Join(m.setClock(0), waited)
	}
}

// runJobsTwice gives jobs that run to another worker, again and again: what a worker with a wrong clock does that
// believes that another one has crashed. River promises to run a job once at least, not once.
func runJobsTwice(ctx context.Context, r *rig, f fault) (time.Duration, error) {
	end := time.Now().Add(f.length)
	for time.Now().Before(end) {
		err := r.postgres.with(ctx, func(conn *pgx.Conn) error {
			// What River is about to change is left alone: to wait for it could be a deadlock.
			_, err := conn.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE id IN (
				SELECT id FROM river_job WHERE state = 'running' AND attempt < 20 ORDER BY id FOR UPDATE SKIP LOCKED)`)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("error giving jobs away: %w", err)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return 0, nil
}
