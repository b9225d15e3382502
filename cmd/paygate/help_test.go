package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// grammar is every command with its settings.
func grammar(t *testing.T) (commands []*kong.Node, settings map[*kong.Node][]setting) {
	t.Helper()
	environment := new(environment)
	parser, err := newParser(new(cli), new(bytes.Buffer), environment, func(int) {})
	require.NoError(t, err)
	settings = make(map[*kong.Node][]setting)
	for _, command := range parser.Model.Leaves(false) {
		commands = append(commands, command)
		settings[command] = settingsOf(command, environment.variables)
	}
	return commands, settings
}

func TestHelp(t *testing.T) {
	t.Parallel()

	commands, settings := grammar(t)
	program := call(t, nil, "--help")
	require.Zero(t, program.status)
	require.Equal(t, program, call(t, nil), "no arguments at all ask for help")

	for _, command := range commands {
		t.Run(command.Path(), func(t *testing.T) {
			t.Parallel()

			require.Contains(t, program.stdout, "\n  "+command.Path()+" ")
			// Help is asked for when settings are not right yet, so they must not stand in its way.
			got := call(t, map[string]string{"RIVER_RESCUE_AFTER": "x"}, append(strings.Fields(command.Path()), "--help")...)
			require.Zero(t, got.status)
			require.Empty(t, got.stderr)
			for _, s := range settings[command] {
				require.Contains(t, got.stdout, "\n"+s.group+"\n")
				require.Regexp(t, `\n  `+quoted(s.flag)+` *`+quoted(s.variable)+`.*`+quoted(s.initial)+`\n`, got.stdout)
				require.Contains(t, strings.Join(strings.Fields(got.stdout), " "), s.meaning)
			}
			for line := range strings.Lines(got.stdout) {
				if strings.HasPrefix(line, "  --") {
					continue // names are not wrapped
				}
				require.LessOrEqual(t, utf8.RuneCountInString(line), helpWidth+1, line)
			}
		})
	}
}

func quoted(text string) string { return regexpQuote.Replace(text) }

// regexpQuote knows the characters that flags and defaults have.
var regexpQuote = strings.NewReplacer(`[`, `\[`, `]`, `\]`, `.`, `\.`, `$`, `\$`, `+`, `\+`)

func TestHelpOfNestedCommands(t *testing.T) {
	t.Parallel()

	got := call(t, nil, "origins", "--help")
	require.Zero(t, got.status)
	require.Contains(t, got.stdout, "Usage: paygate origins <command> [flags]\n")
	require.Contains(t, got.stdout, "\n  origins add ")
	require.NotContains(t, got.stdout, "\n  dev ")

	got = call(t, nil, "origins", "add", "--help")
	require.Contains(t, got.stdout, "Usage: paygate origins add <origin> [flags]\n")
	require.Contains(t, got.stdout, "\n  <origin>  ")
}

// A setting can be given by the environment; what only makes sense for one call is an option.
func TestSettingsHaveVariables(t *testing.T) {
	t.Parallel()

	commands, settings := grammar(t)
	for _, command := range commands {
		for _, s := range settings[command] {
			require.True(t, s.group == "Options" || s.variable != "", "%s %s", command.Name, s.flag)
			require.NotEmpty(t, s.meaning, "%s %s", command.Name, s.flag)
			require.True(t, s.group == "Options" || slices.Contains(groups, s.group), "group %s has no place", s.group)
		}
	}
}
