package payments_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/jobs"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// workUntilDeath is what the child process does: it runs jobs as `paygate worker` does, until the
// first of them comes to the step.
func workUntilDeath(ctx context.Context, url, at string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	pool, err := db.Open(ctx, url, db.PoolOptions{ApplicationName: "crashing", MaxConns: 6})
	if err != nil {
		return err
	}
	bank, err := processor.NewSimulator(pool, processor.Config{})
	if err != nil {
		return err
	}
	queue, err := jobs.NewInserter(pool, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	service := payments.New(payments.Options{DB: pool, Acquirer: bank, Queue: queue, Now: time.Now})
	service.FailAt(func(step payments.Step) {
		if string(step) == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal is there
		}
	})
	client, err := newWorker(pool, service)
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// newWorker is River as we run it, for money alone.
func newWorker(pool *pgxpool.Pool, service *payments.Service) (*river.Client[pgx.Tx], error) {
	return jobs.NewClient(jobs.Options{
		DB: pool, Payments: service, Endpoints: &webhooks.Endpoints{DB: pool, Now: time.Now}, Logger: slog.New(slog.DiscardHandler),
		Workers: map[string]int{"maintenance": 0, webhooks.QueueName: 0, payments.QueueName: 4},
	})
}

// crash starts a worker in a process of its own, and returns when it was killed at the step.
func (h *house) crash(t *testing.T, at payments.Step) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	var said bytes.Buffer
	child := exec.CommandContext(t.Context(), program, "-crash.url="+h.url, "-crash.at="+string(at))
	child.Stdout, child.Stderr = &said, &said
	require.Error(t, child.Run())
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%s: %s", child.ProcessState, said.String())
}

// recover does what River's leader does after RescueStuckJobsAfter, and lets a fresh worker finish.
func (h *house) recover(t *testing.T) {
	t.Helper()
	// A dead worker's last statement may still run on the server, and take the job for nobody. (River
	// rescues that too, after RescueStuckJobsAfter.)
	require.Eventually(t, func() bool {
		return h.count(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crashing' AND datname = current_database()`) == 0
	}, time.Minute, 5*time.Millisecond)
	tag, err := h.pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'running'`)
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected(), "the job that was running when its worker died")

	client, err := newWorker(h.open(t), h.services[0])
	require.NoError(t, err)
	completed, unsubscribe := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	defer unsubscribe()
	require.NoError(t, client.Start(t.Context()))
	event := <-completed
	require.Equal(t, river.EventKindJobCompleted, event.Kind, "%v", event.Job.Errors)
	require.NoError(t, client.Stop(context.Background()))
}

// The worker is killed at every step between the acquirer and our commit. Afterwards the books are
// equal, everything happened once, and was told once.
func TestKillWhileCharging(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	for _, step := range payments.ChargeSteps {
		for _, capture := range []payments.Capture{payments.CaptureAutomatic, payments.CaptureManual} {
			order := h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 800, Currency: "INR"})
			params := payments.CreateParams{OrderID: order.ID, Capture: capture, Method: processor.MethodCard, Card: card(processor.OutcomeSuccess)}
			id := h.pay(t, h.services[0], params).payment(t).ID
			h.crash(t, step)
			h.recover(t)
			want := payments.Success
			if capture == payments.CaptureManual {
				want = payments.Authorized
			}
			h.happenedOnce(t, id, want, 1)
		}
	}
}

func TestKillWhileFinishing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	for _, step := range payments.FinishSteps {
		id := h.held(t, 900)
		h.complete(t, idsOf(h.jobs(t))...)
		h.capture(t, h.services[0], id, new(int64(400))).payment(t)
		h.crash(t, step)
		h.recover(t)
		h.happenedOnce(t, id, payments.Success, 2)
		require.EqualValues(t, 400, h.payment(t, id).AmountCaptured)

		id = h.held(t, 900)
		h.complete(t, idsOf(h.jobs(t))...)
		h.cancel(t, h.services[0], id).payment(t)
		h.crash(t, step)
		h.recover(t)
		h.happenedOnce(t, id, payments.Canceled, 2)
	}
}

func TestKillWhileRefunding(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	for _, step := range payments.RefundSteps {
		for _, vpa := range []string{"success@upi", "refund-fails@upi"} {
			id := h.paid(t, payments.CreateParams{Amount: 700, Currency: "INR", Method: processor.MethodUPI, VPA: vpa})
			h.complete(t, idsOf(h.jobs(t))...)
			refund := h.refund(t, h.services[0], id, new(int64(300))).refund(t).ID
			h.crash(t, step)
			h.recover(t)
			want, back := payments.RefundProcessed, int64(300)
			if vpa == "refund-fails@upi" {
				want, back = payments.RefundFailed, 0
			}
			have, err := h.services[0].Refund(t.Context(), h.merchant, refund)
			require.NoError(t, err)
			require.Equal(t, want, have.Status)
			require.Equal(t, back, h.payment(t, id).AmountRefunded)
			require.Equal(t, map[string]int{
				"payment.created": 1, "payment.success": 1, "refund.created": 1, "refund." + string(want): 1,
			}, h.events(t, id))
			require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM acquirer.operations WHERE reference = $1`, refund))
			h.examine(t)
		}
	}
}

// happenedOnce holds a payment against its end: n operations at the acquirer, one event for each state.
func (h *house) happenedOnce(t *testing.T, id string, want payments.Status, n int) {
	t.Helper()
	require.Equal(t, want, h.payment(t, id).Status)
	told := map[string]int{"payment.created": 1, "payment." + string(want): 1}
	if n > 1 {
		told["payment.authorized"] = 1
	}
	have := h.events(t, id)
	delete(have, "order.paid")
	require.Equal(t, told, have)
	require.EqualValues(t, n, h.count(t, `SELECT count(*) FROM acquirer.operations WHERE payment_reference = $1`, id))
	h.examine(t)
}

func idsOf(jobs []job) []int64 {
	var out []int64
	for _, j := range jobs {
		out = append(out, j.id)
	}
	return out
}
