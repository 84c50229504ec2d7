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
// password, and kong's error would show the second part. It names the flag then, if that is
// one of flags.
func reportUsage(w io.Writer, err error, args, flags []string) {
	if slices.ContainsFunc(args, mayHaveURL) {
		if flag := flagOf(err, flags); flag != "" {
			fmt.Fprintf(w, "tablewire: the value of --%s can't be understood (the value is not shown: it may be a part of the database's URL)\n", flag)
			fmt.Fprintf(w, "  to do: tablewire --help lists the commands, and tablewire COMMAND --help says what --%s takes; put the database's URL in single quotes, or into TABLEWIRE_DATABASE_URL\n", flag)
			return
		}
		fmt.Fprintln(w, "tablewire: the command line can't be understood")
		fmt.Fprintln(w, "  to do: put the database's URL in single quotes, or into TABLEWIRE_DATABASE_URL; tablewire --help lists the commands and their flags")
		return
	}
	fmt.Fprintf(w, "tablewire: %v\n", err)
	fmt.Fprintln(w, "  to do: tablewire --help lists the commands and their flags")
}

// flagOf returns which of flags an error of kong is about; "" if it is about none of them. It
// returns the flag's own name and no part of the error, in which a password may be.
func flagOf(err error, flags []string) string {
	text, ok := strings.CutPrefix(err.Error(), "--")
	if !ok {
		return ""
	}
	for _, flag := range flags {
		after, ok := strings.CutPrefix(text, flag)
		if ok && strings.HasPrefix(strings.TrimLeft(after, " "), ":") || ok && strings.HasPrefix(after, "=") || ok && strings.HasPrefix(after, " must be") {
			return flag
		}
	}
	return ""
}

// mayHaveURL reports whether an argument is a database's URL or announces one, or has a
// user's name and so perhaps a password in it. Other URLs, such as those of
// --allowed-origins, hold no secret.
func mayHaveURL(arg string) bool {
	arg = strings.ToLower(arg)
	return strings.HasPrefix(arg, "--database-url") || strings.Contains(arg, "://") && (strings.Contains(arg, "postgres") || strings.Contains(arg, "@"))
}
