package e2e

import (
	"context"
	"maps"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// servers is where dev listens unless told otherwise, by the variable that tells it; help knows.
func servers(t *testing.T) map[string]string {
	t.Helper()
	help, err := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "dev", "--help").Output()
	require.NoError(t, err)
	all := make(map[string]string)
	for _, match := range regexp.MustCompile(`(PAYGATE_\w+_ADDR) +default (127\.0\.0\.1:\d+)\n`).FindAllStringSubmatch(string(help), -1) {
		all[match[1]] = match[2]
	}
	require.GreaterOrEqual(t, len(all), 3)
	return all
}

// anyPorts lets every server of a process choose its port; the process tells which.
func anyPorts(t *testing.T) map[string]string {
	t.Helper()
	env := maps.Clone(servers(t))
	for variable := range env {
		env[variable] = "127.0.0.1:0"
	}
	return env
}
