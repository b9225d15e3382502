package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"paygate/doctor"
)

type doctorCommand struct {
	databaseSettings `embed:"" group:"Storage"`
	JSON             bool          `name:"json" help:"Print the findings as JSON."`
	Settled          time.Duration `name:"settled" default:"1m" help:"How old a record must be before what should follow from it counts as missing."`
	Stuck            time.Duration `name:"stuck" default:"15m" help:"How long a payment may wait for the acquirer, or a due delivery for its attempt."`
}

// errViolations makes the exit status tell what the table shows.
var errViolations = errors.New("the books are not right: see the checks that are not zero")

func (c *doctorCommand) run(ctx context.Context, io streams) error {
	pool, err := c.open(ctx, "doctor", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	findings, err := doctor.Examine(ctx, pool, doctor.Options{Settled: c.Settled, Stuck: c.Stuck})
	if err != nil {
		return err
	}
	if err := c.print(io, findings); err != nil {
		return err
	}
	if doctor.Violations(findings) > 0 {
		return errViolations
	}
	return nil
}

func (c *doctorCommand) print(io streams, findings []doctor.Finding) error {
	if c.JSON {
		encoder := json.NewEncoder(io.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(findings); err != nil {
			return fmt.Errorf("error printing the findings: %w", err)
		}
		return nil
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		mark := "ok"
		if f.Violations > 0 {
			mark = "WRONG"
		}
		if err := say(table, "%s\t%s\t%d\t%s\n", mark, f.Name, f.Violations, f.Meaning); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("error printing the findings: %w", err)
	}
	return nil
}
