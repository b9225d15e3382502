package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/wire"
)

// What a task does.
const (
	// TaskRetry sends deliveries again.
	TaskRetry = "retry"
	// TaskReplay sends an endpoint the events that it has no delivery of.
	TaskReplay = "replay"
)

// The states of a task.
const (
	TaskRunning = "running"
	TaskDone    = "done"
)

// taskBatch is how many deliveries a task moves in one transaction.
const taskBatch = 500

// Task is work over many deliveries, as the API shows it.
type Task struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Kind   string `json:"kind"`
	Status string `json:"status"`
	// Total is how many deliveries the task is about; nil until they have been counted.
	Total *int32 `json:"total"`
	// Enqueued is how many of them are on their way. Their own states tell what came of it.
	Enqueued  int32     `json:"enqueued"`
	CreatedAt wire.Time `json:"created_at"`
	UpdatedAt wire.Time `json:"updated_at"`
}

func showTask(row *dbsqlc.WebhookTask) *Task {
	return &Task{
		ID: row.ID, Object: "webhook_task", Kind: row.Kind, Status: row.Status, Total: row.Total, Enqueued: row.Enqueued,
		CreatedAt: wire.Time(row.CreatedAt), UpdatedAt: wire.Time(row.UpdatedAt),
	}
}

// TaskFilter says which deliveries, or events; nil means any.
type TaskFilter struct {
	// DeliveryStatus is one of a delivery that has been attempted and does not wait for its endpoint.
	DeliveryStatus, EventType, EndpointID, PaymentID *string
	// CreatedFrom is inclusive, CreatedUntil exclusive; nil for the time of the call.
	CreatedFrom, CreatedUntil *time.Time
}

// TaskArgs asks for a task to be worked on.
type TaskArgs struct {
	TaskID string `json:"task_id"`
}

// Kind implements river.JobArgs.
func (TaskArgs) Kind() string { return "work_on_webhook_task" }

// ResendMany begins to send again, inside tx, the deliveries that match: those that failed for good or were
// delivered, and those that wait for their next attempt, which they need not wait for then. As with one
// that is resent, the schedule is not used up. Those of a disabled endpoint wait for it; those of a
// deleted one are left out. It fails with not_found for an endpoint of somebody else.
func (l *Log) ResendMany(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, filter TaskFilter) (*Task, error) {
	return l.begin(ctx, tx, merchantID, TaskRetry, filter)
}

// Replay begins to send an endpoint, inside tx, the past events that it subscribes to and has no delivery
// of: what happened before it was made, or while it was subscribed to less. It fails with not_found, or
// with endpoint_disabled.
func (l *Log) Replay(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, filter TaskFilter) (*Task, error) {
	return l.begin(ctx, tx, merchantID, TaskReplay, filter)
}

func (l *Log) begin(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, kind string, filter TaskFilter) (*Task, error) {
	queries := dbsqlc.New()
	if filter.EndpointID != nil {
		endpoint, err := queries.EndpointGet(ctx, tx, &dbsqlc.EndpointGetParams{MerchantID: merchantID, ID: *filter.EndpointID})
		if errors.Is(err, pgx.ErrNoRows) && kind == TaskRetry {
			return nil, fault.On(fault.NotFound, "endpoint_id", "There is no webhook endpoint with this id.")
		}
		if err != nil {
			return nil, endpointError(err)
		}
		if kind == TaskReplay && endpoint.Status == EndpointDisabled {
			return nil, fault.New(fault.EndpointDisabled, "The endpoint is disabled, so nothing is sent to it. Enable it first.")
		}
	}
	now := l.Now()
	until := now
	if filter.CreatedUntil != nil && filter.CreatedUntil.Before(now) {
		until = *filter.CreatedUntil
	}
	row, err := queries.TaskInsert(ctx, tx, &dbsqlc.TaskInsertParams{
		ID: ids.New(ids.Task), MerchantID: merchantID, Kind: kind, EndpointID: filter.EndpointID, PaymentID: filter.PaymentID,
		EventType: filter.EventType, DeliveryStatus: filter.DeliveryStatus, CreatedFrom: filter.CreatedFrom, CreatedUntil: until, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("error storing a task: %w", err)
	}
	if _, err := l.Queue.InsertTx(ctx, tx, TaskArgs{TaskID: row.ID}, &river.InsertOpts{Queue: QueueName}); err != nil {
		return nil, fmt.Errorf("error enqueueing a task: %w", err)
	}
	return showTask(row), nil
}

// Task returns a task, or not_found.
func (l *Log) Task(ctx context.Context, merchantID uuid.UUID, id string) (*Task, error) {
	row, err := dbsqlc.New().TaskGet(ctx, l.DB, &dbsqlc.TaskGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no task with this id.")
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a task: %w", err)
	}
	return showTask(row), nil
}

// Tasks works on tasks.
type Tasks struct {
	DB    *pgxpool.Pool
	Queue Queue
	Now   func() time.Time
}

// Work moves a task on by one batch, and tells whether there is more. Each batch is a transaction that
// also notes how far the task has come, so that a crash repeats nothing.
func (t *Tasks) Work(ctx context.Context, taskID string) (more bool, err error) {
	err = db.InTx(ctx, t.DB, func(tx pgx.Tx) error {
		queries := dbsqlc.New()
		task, err := queries.TaskLock(ctx, tx, taskID)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && task.Status == TaskDone {
			return nil
		}
		if err != nil {
			return fmt.Errorf("error reading a task: %w", err)
		}
		moved, err := t.move(ctx, tx, task)
		if err != nil {
			return err
		}
		more = moved == taskBatch
		if !more {
			task.Status = TaskDone
		}
		task.Enqueued += int32(moved) //nolint:gosec // at most taskBatch
		if err := queries.TaskAdvance(ctx, tx, &dbsqlc.TaskAdvanceParams{
			ID: task.ID, Status: task.Status, Position: task.Position, Total: task.Total, Enqueued: task.Enqueued, Now: t.Now(),
		}); err != nil {
			return fmt.Errorf("error noting the progress of a task: %w", err)
		}
		return nil
	})
	return more, err
}

func (t *Tasks) move(ctx context.Context, tx pgx.Tx, task *dbsqlc.WebhookTask) (int, error) {
	if task.Kind == TaskReplay {
		return t.replay(ctx, tx, task)
	}
	return t.resend(ctx, tx, task)
}

// resend parks the next deliveries, and has their endpoints drained: however many there are, their
// endpoint gets no more at once than its lane has places, and nobody else waits for them.
func (t *Tasks) resend(ctx context.Context, tx pgx.Tx, task *dbsqlc.WebhookTask) (int, error) {
	queries := dbsqlc.New()
	if task.Total == nil {
		total, err := queries.DeliveryResendCount(ctx, tx, &dbsqlc.DeliveryResendCountParams{
			MerchantID: task.MerchantID, Status: task.DeliveryStatus, EventType: task.EventType, EndpointID: task.EndpointID,
			PaymentID: task.PaymentID, CreatedFrom: task.CreatedFrom, CreatedUntil: task.CreatedUntil,
		})
		if err != nil {
			return 0, fmt.Errorf("error counting deliveries to resend: %w", err)
		}
		task.Total = &total
	}
	moved, err := queries.DeliveryResendMany(ctx, tx, &dbsqlc.DeliveryResendManyParams{
		MerchantID: task.MerchantID, Status: task.DeliveryStatus, EventType: task.EventType, EndpointID: task.EndpointID,
		PaymentID: task.PaymentID, CreatedFrom: task.CreatedFrom, CreatedUntil: task.CreatedUntil,
		AfterID: task.Position, Now: t.Now(), RowLimit: taskBatch,
	})
	if err != nil {
		return 0, fmt.Errorf("error parking deliveries to resend: %w", err)
	}
	var drain []string
	for _, row := range moved {
		task.Position = max(task.Position, row.ID)
		if row.EndpointStatus == EndpointEnabled {
			drain = append(drain, row.EndpointID)
		}
	}
	for _, endpointID := range distinct(drain) {
		if err := enqueueDrain(ctx, tx, t.Queue, endpointID, time.Time{}); err != nil {
			return 0, err
		}
	}
	return len(moved), nil
}

// replay makes parked deliveries of the next missed events.
func (t *Tasks) replay(ctx context.Context, tx pgx.Tx, task *dbsqlc.WebhookTask) (int, error) {
	queries := dbsqlc.New()
	endpoint, err := queries.EndpointLock(ctx, tx, &dbsqlc.EndpointLockParams{MerchantID: task.MerchantID, ID: *task.EndpointID})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil // deleted meanwhile
	}
	if err != nil {
		return 0, fmt.Errorf("error reading an endpoint: %w", err)
	}
	if task.Total == nil {
		total, err := queries.EventMissedCount(ctx, tx, &dbsqlc.EventMissedCountParams{
			MerchantID: task.MerchantID, EventType: task.EventType, CreatedFrom: task.CreatedFrom, CreatedUntil: task.CreatedUntil,
			Patterns: endpoint.EventTypes, EndpointID: endpoint.ID,
		})
		if err != nil {
			return 0, fmt.Errorf("error counting missed events: %w", err)
		}
		task.Total = &total
	}
	missed, err := queries.EventMissed(ctx, tx, &dbsqlc.EventMissedParams{
		MerchantID: task.MerchantID, EventType: task.EventType, CreatedFrom: task.CreatedFrom, CreatedUntil: task.CreatedUntil,
		Patterns: endpoint.EventTypes, EndpointID: endpoint.ID, AfterID: task.Position, RowLimit: taskBatch,
	})
	if err != nil || len(missed) == 0 {
		if err != nil {
			err = fmt.Errorf("error finding missed events: %w", err)
		}
		return 0, err
	}
	made := &dbsqlc.DeliveryInsertParkedParams{MerchantID: task.MerchantID, EndpointID: endpoint.ID, Status: DeliveryPending, Now: t.Now()}
	if endpoint.Status == EndpointDisabled {
		made.Status = DeliveryPaused
	}
	for _, event := range missed {
		payment := ""
		if event.PaymentID != nil {
			payment = *event.PaymentID
		}
		made.Ids = append(made.Ids, ids.New(ids.Delivery))
		made.EventIds = append(made.EventIds, event.ID)
		made.EventTypes = append(made.EventTypes, event.Type)
		made.PaymentIds = append(made.PaymentIds, payment)
	}
	task.Position = missed[len(missed)-1].ID
	if err := queries.DeliveryInsertParked(ctx, tx, made); err != nil {
		return 0, fmt.Errorf("error storing deliveries of missed events: %w", err)
	}
	if endpoint.Status == EndpointDisabled {
		return len(missed), nil
	}
	return len(missed), enqueueDrain(ctx, tx, t.Queue, endpoint.ID, time.Time{})
}
