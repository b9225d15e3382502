package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

const (
	configurationDocument = "../../docs/configuration.md"
	remedy                = "bring it up to date with: go test ./cmd/paygate -run TestConfigurationDocument -update"
)

// The document's list of settings is made from the commands, between these lines.
const (
	generatedBegin = "<!-- Made from the commands by `go test ./cmd/paygate -run TestConfigurationDocument -update`. -->\n"
	generatedEnd   = "<!-- End of what is made from the commands. -->\n"
)

func TestConfigurationDocument(t *testing.T) {
	t.Parallel()

	document, err := os.ReadFile(configurationDocument)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(document), generatedBegin)
	require.True(t, found, "the mark is gone: %s", generatedBegin)
	_, after, found := strings.Cut(rest, generatedEnd)
	require.True(t, found, "the mark is gone: %s", generatedEnd)

	wanted := before + generatedBegin + "\n" + describeSettings(t) + generatedEnd + after
	if *update {
		require.NoError(t, os.WriteFile(configurationDocument, []byte(wanted), 0o644))
		return
	}
	// Line by line: nobody finds a difference in two whole documents.
	now := strings.Split(string(document), "\n")
	for i, line := range strings.Split(wanted, "\n") {
		require.Less(t, i, len(now), "it ends too early; %s", remedy)
		require.Equal(t, line, now[i], "line %d; %s", i+1, remedy)
	}
	require.Equal(t, wanted, string(document), remedy)
}

// documented is one row: what one variable, or one option, means to some commands.
type documented struct {
	setting
	commands []string
}

func describeSettings(t *testing.T) string {
	t.Helper()
	commands, settings := grammar(t)
	var rows []*documented
	for _, command := range commands {
		for _, s := range settings[command] {
			i := slices.IndexFunc(rows, func(row *documented) bool { return row.setting == s })
			if i < 0 {
				i = len(rows)
				rows = append(rows, &documented{setting: s})
			}
			rows[i].commands = append(rows[i].commands, "`"+command.Path()+"`")
		}
	}
	slices.SortStableFunc(rows, func(a, b *documented) int {
		return cmp.Or(cmp.Compare(rank(a.group), rank(b.group)), cmp.Compare(a.variable, b.variable))
	})

	var b strings.Builder
	group := ""
	for _, row := range rows {
		if row.group != group {
			group = row.group
			fmt.Fprintf(&b, "### %s\n\n", group)
			if group == "Options" {
				b.WriteString("Not settings but parts of one command: they have no variable.\n\n")
			}
			b.WriteString("| variable | flag | default | meaning | commands |\n|---|---|---|---|---|\n")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(row.variable), code(row.flag), code(row.initial), row.explained(), strings.Join(row.commands, " "))
		if i := slices.Index(rows, row); i == len(rows)-1 || rows[i+1].group != group {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
