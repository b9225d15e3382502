package capacity

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// Cost is what one payment takes, from the request to the verified webhook, as `go run ./bench -parts cost` measures it.
type Cost struct {
	// Measured says when, and on what.
	Measured string `json:"measured"`
	// Payments is how many the others are means of.
	Payments int `json:"payments"`
	// Milliseconds of processor time.
	API      float64 `json:"api_cpu_ms"`
	Worker   float64 `json:"worker_cpu_ms"`
	Postgres float64 `json:"postgres_cpu_ms"`
	Redis    float64 `json:"redis_cpu_ms"`
	// WALBytes, and DiskBytes that tables and indexes have grown by.
	WALBytes  float64 `json:"wal_bytes"`
	DiskBytes float64 `json:"disk_bytes"`
	// Rows inserted, updated and deleted.
	RowsInserted float64 `json:"rows_inserted"`
	RowsUpdated  float64 `json:"rows_updated"`
	RowsDeleted  float64 `json:"rows_deleted"`
	Commits      float64 `json:"commits"`
	// Bytes that the API and the worker read from and wrote to the network, with everybody that they talk to.
	APIBytes    float64 `json:"api_network_bytes"`
	WorkerBytes float64 `json:"worker_network_bytes"`
}

//go:embed cost.json
var measured []byte

// Measured returns the committed measurement.
func Measured() (Cost, error) {
	var cost Cost
	if err := json.Unmarshal(measured, &cost); err != nil {
		return Cost{}, fmt.Errorf("error reading the measured cost: %w", err)
	}
	return cost, nil
}
