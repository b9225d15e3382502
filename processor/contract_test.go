package processor_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/processor"
	"paygate/processor/acquirertest"
)

func TestSimulatorKeepsTheContract(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	acquirertest.Run(t, func(t *testing.T) *acquirertest.Subject {
		t.Helper()
		simulator, err := processor.NewSimulator(pool, processor.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, simulator.Close(context.Background())) })
		return &acquirertest.Subject{
			Acquirer: simulator,
			Card:     processor.Card{Number: "4242424242424242", ExpMonth: 12, ExpYear: time.Now().Year() + 1, CVC: "123"},
			Currency: "INR",
		}
	})
}
