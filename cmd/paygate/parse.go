package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"

	"github.com/alecthomas/kong"
)

// lookupEnv is os.LookupEnv, or a test's own environment.
type lookupEnv func(name string) (value string, found bool)

// parse reads flags and environment into the command to run; nil when --help has answered. An error
// is a *usageError of one line that names the flag or the variable.
func parse(args []string, env lookupEnv, stdout io.Writer) (command, error) {
	environment := &environment{lookup: env}
	answered := false
	parser, err := newParser(new(cli), stdout, environment, func(int) { answered = true })
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	switch {
	case answered:
		return nil, nil
	case environment.bad != nil:
		return nil, &usageError{environment.bad}
	case err != nil:
		return nil, &usageError{err}
	}
	selected, ok := reflect.TypeAssert[command](parsed.Selected().Target.Addr())
	if !ok {
		return nil, fmt.Errorf("command %s cannot run", parsed.Command())
	}
	return selected, nil
}

// newParser makes the grammar of commands. exit is called when --help has answered.
func newParser(commands *cli, stdout io.Writer, environment *environment, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(commands,
		kong.Name("paygate"),
		kong.Description("A self-hosted payment gateway: REST API, background processing, signed webhooks."),
		kong.Writers(stdout, stdout),
		kong.Exit(exit),
		kong.Help(func(_ kong.HelpOptions, ctx *kong.Context) error { return printHelp(ctx, environment.variables) }),
		kong.Vars{"demo_webhook_secret": demoWebhookSecret, "demo_email": demoEmail},
		kong.TypeMapper(durationType, kong.MapperFunc(decodeDuration)),
		kong.TypeMapper(reflect.TypeFor[slog.Level](), kong.MapperFunc(decodeLevel)),
		kong.PostBuild(environment.takeOver),
		kong.Resolvers(environment),
	)
	if err != nil {
		return nil, fmt.Errorf("error building the command line: %w", err)
	}
	return parser, nil
}

// environment gives settings their values from environment variables. The library would do
// that by itself; this one reads an environment that tests can choose, takes an empty variable for one
// that is not set (which is how Compose files and unit files leave something out), and names the variable
// in its errors, not the flag that nobody wrote.
type environment struct {
	lookup    lookupEnv
	variables map[*kong.Flag]string
	bad       error // the first value that cannot be used
}

// takeOver notes which flag has which variable, and hides that from the library.
func (e *environment) takeOver(parser *kong.Kong) error {
	e.variables = make(map[*kong.Flag]string)
	return kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && len(flag.Envs) > 0 {
			if len(flag.Envs) > 1 {
				return fmt.Errorf("--%s has more than one variable", flag.Name)
			}
			e.variables[flag] = flag.Envs[0]
			flag.Envs, flag.Tag.Envs = nil, nil
		}
		return next(nil)
	})
}

// Validate implements kong.Resolver.
func (*environment) Validate(*kong.Application) error { return nil }

// errBadVariable makes the library stop; what it would add to the error is left out.
var errBadVariable = errors.New("bad environment variable")

// Resolve implements kong.Resolver for a flag that was not given.
func (e *environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name, ok := e.variables[flag]
	if !ok {
		return nil, nil
	}
	text, _ := e.lookup(name)
	if text == "" {
		return nil, nil
	}
	// Decoded here once only for the error's sake.
	scratch := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: kong.Scan().PushTyped(text, kong.FlagValueToken)}, scratch); err != nil {
		e.bad = fmt.Errorf("%s: %w", name, err)
		return nil, errBadVariable
	}
	return text, nil
}
