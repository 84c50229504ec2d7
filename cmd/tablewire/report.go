package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// report prints an error and, if the error is a problem, what to do about it and its ID. Of
// joined errors it prints each.
func report(w io.Writer, err error) {
	lead := "tablewire: "
	for _, err := range unjoin(err) {
		if problem, ok := errors.AsType[*protocol.Problem](err); ok {
			printProblem(w, lead, err.Error(), problem)
		} else {
			fmt.Fprintf(w, "%s%s\n", lead, nameFlags(err.Error()))
		}
		lead = "also: "
	}
}

// unjoin returns the parts of errors.Join, which may be joined themselves (kong joins what a
// command returns), or the error itself.
func unjoin(err error) (parts []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, part := range joined.Unwrap() {
		parts = append(parts, unjoin(part)...)
	}
	return parts
}

// printProblem prints what is wrong after lead, what to do about it, the statements to paste
// that are not part of that, and the ID.
func printProblem(w io.Writer, lead, what string, problem *protocol.Problem) {
	fmt.Fprintf(w, "%s%s\n", lead, nameFlags(what))
	fmt.Fprintf(w, "  to do: %s\n", nameFlags(problem.Hint))
	for _, statement := range problem.SQL {
		if !strings.Contains(what+problem.Hint, statement) {
			fmt.Fprintf(w, "    %s;\n", statement)
		}
	}
	fmt.Fprintf(w, "  problem: %s\n", problem.ID)
}

// reportUsage prints what is wrong with the command line. If args may have a database's URL,
// it quotes none of them: without quotes a shell splits the URL at a blank or a & of the
// password, and kong's error would show the second part.
func reportUsage(w io.Writer, err error, args []string) {
	if slices.ContainsFunc(args, mayHaveURL) {
		fmt.Fprintln(w, "tablewire: the command line can't be understood")
		fmt.Fprintln(w, "  to do: put the database's URL in single quotes, or into TABLEWIRE_DATABASE_URL; tablewire --help lists the commands and their flags")
		return
	}
	fmt.Fprintf(w, "tablewire: %v\n", err)
	fmt.Fprintln(w, "  to do: tablewire --help lists the commands and their flags")
}

// mayHaveURL reports whether an argument is a database's URL or announces one. Other URLs,
// such as those of --allowed-origins, hold no secret.
func mayHaveURL(arg string) bool {
	arg = strings.ToLower(arg)
	return strings.HasPrefix(arg, "--database-url") || strings.Contains(arg, "postgres") && strings.Contains(arg, "://")
}
