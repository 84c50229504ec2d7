package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line. Each subcommand is a field here and has a file of its own.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Stream the changes of a database to browsers."`
	Doctor   doctorCmd   `cmd:"" help:"Examine a database, and say all at once what would keep serve from working, and what to do. It changes nothing."`
	Demo     demoCmd     `cmd:"" help:"Try Tablewire without a database: it starts a private PostgreSQL and a page that shows the changes."`
	SetupSQL setupSQLCmd `cmd:"" name:"setup-sql" help:"Print the SQL that serve would run to create the publication and the slot, to run it by hand."`
	Health   healthCmd   `cmd:"" help:"Check whether a running server is ready; for container health checks."`

	Version kong.VersionFlag `help:"Print the version."`
}

// app is passed to each subcommand's Run.
type app struct {
	ctx            context.Context // ends when the program has to stop
	stdout, stderr io.Writer
}

// exitCode is the value of the panic that replaces kong's call of os.Exit, as after --help.
type exitCode int

// run runs the program with the arguments args and returns its exit code. It returns soon
// after ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			exit, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			code = int(exit)
		}
	}()
	parser := kong.Must(&cli{},
		kong.Name("tablewire"),
		kong.Description("Tablewire follows a PostgreSQL database through logical replication and streams the changes of its tables to browsers over WebSockets."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.Vars{"version": version()},
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeDuration)),
		kong.TypeMapper(reflect.TypeFor[slog.Level](), kong.MapperFunc(decodeLevel)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	parsed, err := parser.Parse(args)
	if err != nil {
		reportUsage(stderr, err, args, flagNames(parser.Model.Node))
		return 2
	}
	err = parsed.Run(&app{ctx: ctx, stdout: stdout, stderr: stderr})
	if coded, ok := errors.AsType[*codedError](err); ok {
		if coded.err != nil {
			report(stderr, coded.err)
		}
		return coded.code
	}
	if err != nil {
		report(stderr, err)
		return 1
	}
	return 0
}

// codedError ends the program with another exit code than 1.
type codedError struct {
	code int
	err  error // nil: the command has printed what there is to say
}

func (e *codedError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func (e *codedError) Unwrap() error { return e.err }

// decodeDuration reads the value of a flag that is a time.
func decodeDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	text := ""
	if err := ctx.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a time: give a number with its unit, such as 10s, 500ms or 1m", text)
	}
	target.SetInt(int64(d))
	return nil
}

// decodeLevel reads the value of a flag that is a level of the log.
func decodeLevel(ctx *kong.DecodeContext, target reflect.Value) error {
	text := ""
	if err := ctx.Scan.PopValueInto("level", &text); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%q is not a level of the log: give debug, info, warn or error", text)
	}
	target.Set(reflect.ValueOf(level))
	return nil
}

// flagNames returns the names of the flags of a command and its subcommands.
func flagNames(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		names = append(names, flag.Name)
	}
	for _, child := range node.Children {
		names = append(names, flagNames(child)...)
	}
	return names
}

// version returns the line that --version prints.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "tablewire (unknown version)"
	}
	return "tablewire " + info.Main.Version
}
