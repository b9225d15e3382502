package capacity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFor(t *testing.T) {
	t.Parallel()
	cost := Cost{API: 0.5, Worker: 1, Postgres: 2, Redis: 0.1, WALBytes: 10_000, DiskBytes: 5_000, APIBytes: 3_000, WorkerBytes: 7_000}
	machine := Machine{Cores: 32, WALRate: 200e6, Disk: 10e12, NetworkRate: 1e9, Use: 0.5, Days: 30, Peak: 2}

	plan := For(1000, cost, machine)
	require.InDelta(t, 0.5, plan.API, 1e-9)
	require.InDelta(t, 2, plan.Postgres, 1e-9)
	require.InDelta(t, 10e6, plan.WAL, 1e-3)
	require.InDelta(t, 5_000*86_400*30/2*1000.0, plan.Disk, 1)
	// The disk takes 5e12 / (5,000 · 86,400 · 30 / 2) = 772 payments a second, the processor 32 · 0.5 / 0.002 = 8,000.
	require.Equal(t, "disk", plan.Limit)
	require.InDelta(t, 771.6, plan.Largest, 0.1)
	require.Equal(t, 2, plan.Cells)

	machine.Disk = 1e15
	require.Equal(t, "processor", For(1000, cost, machine).Limit)
	require.Equal(t, 13, For(100_000, cost, machine).Cells)
	machine.WALRate = 1e6
	require.Equal(t, "WAL", For(1000, cost, machine).Limit)
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	cost, err := Measured()
	require.NoError(t, err)
	require.Positive(t, cost.Payments)
	for _, value := range []float64{cost.API, cost.Worker, cost.Postgres, cost.WALBytes, cost.DiskBytes, cost.RowsInserted, cost.APIBytes, cost.WorkerBytes} {
		require.Positive(t, value)
	}
}
