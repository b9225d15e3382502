package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// mutation makes files of the module with a defect in them, out of a patch, and returns what they stand in for.
func (b *builder) mutation(name string) (map[string]string, error) {
	_ = context.Background
	return nil, fmt.Errorf("there is no mutation %s", filepath.Base(name))
}
