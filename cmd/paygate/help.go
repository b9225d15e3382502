package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// helpWidth is that of a terminal nobody has widened much.
const helpWidth = 100

// printHelp answers --help. The library's own table squeezes meanings into a narrow column beside long
// flags; here each setting has a line for its names and its default, and below it room to say what it means.
func printHelp(ctx *kong.Context, variables map[*kong.Flag]string) error {
	var b strings.Builder
	if selected := ctx.Selected(); selected != nil {
		helpOfCommand(&b, selected, settingsOf(selected, variables))
	} else {
		helpOfProgram(&b, ctx.Model)
	}
	return say(ctx.Stdout, "%s", b.String())
}

func helpOfProgram(b *strings.Builder, app *kong.Application) {
	fmt.Fprintf(b, "%s\n\nUsage: %s <command> [flags]\n\n", wrap(app.Help, 0), app.Name)
	listCommands(b, app.Leaves(true))
	fmt.Fprintf(b, "\nStart with `%[1]s dev`. `%[1]s <command> --help` lists the settings of a command.\n", app.Name)
}

func helpOfCommand(b *strings.Builder, command *kong.Node, settings []setting) {
	usage := "Usage: " + command.FullPath()
	if !command.Leaf() {
		fmt.Fprintf(b, "%s <command> [flags]\n\n%s\n\n", usage, wrap(command.Help, 0))
		listCommands(b, command.Leaves(true))
		return
	}
	for _, argument := range command.Positional {
		usage += " " + argument.Summary()
	}
	if len(settings) > 0 {
		usage += " [flags]"
	}
	fmt.Fprintf(b, "%s\n\n%s\n", usage, wrap(command.Help, 0))
	if len(command.Positional) > 0 {
		b.WriteString("\n")
	}
	for _, argument := range command.Positional {
		name := argument.Summary()
		fmt.Fprintf(b, "  %s  %s\n", name, wrap(argument.Help, len(name)+4))
	}
	listSettings(b, settings)
}

func listCommands(b *strings.Builder, commands []*kong.Node) {
	width := 0
	for _, command := range commands {
		width = max(width, len(command.Path()))
	}
	for _, command := range commands {
		fmt.Fprintf(b, "  %-*s  %s\n", width, command.Path(), wrap(command.Help, width+4))
	}
}

func listSettings(b *strings.Builder, settings []setting) {
	flagWidth, variableWidth := 0, 0
	for _, s := range settings {
		flagWidth, variableWidth = max(flagWidth, utf8.RuneCountInString(s.flag)), max(variableWidth, len(s.variable))
	}
	if variableWidth > 0 {
		fmt.Fprintf(b, "\nA setting is a flag or an environment variable; the flag wins.\n")
	}
	group := ""
	for _, s := range settings {
		if s.group != group {
			group = s.group
			fmt.Fprintf(b, "\n%s\n", group)
		}
		line := fmt.Sprintf("  %-*s  %-*s", flagWidth, s.flag, variableWidth, s.variable)
		if s.initial != "" {
			line += "  default " + s.initial
		}
		const indent = 6
		fmt.Fprintf(b, "%s\n%*s%s\n", strings.TrimRight(line, " "), indent, "", wrap(s.explained(), indent))
	}
}

// explained is the meaning with its bounds.
func (s setting) explained() string {
	if s.bounds == "" {
		return s.meaning
	}
	return s.meaning + " Permitted: " + s.bounds + "."
}

// wrap breaks text between words so that its lines, all but the first indented, fit helpWidth.
func wrap(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > helpWidth:
			fmt.Fprintf(&b, "\n%*s", indent, "")
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}

func say(out io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(out, format, args...); err != nil {
		return fmt.Errorf("error writing: %w", err)
	}
	return nil
}
