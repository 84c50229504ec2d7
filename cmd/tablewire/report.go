package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// report prints an error and, if the error is a problem, what to do about it and its ID.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "tablewire: %s\n", nameFlags(err.Error()))
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		fmt.Fprintf(w, "  to do: %s\n", nameFlags(problem.Hint))
		fmt.Fprintf(w, "  problem: %s\n", problem.ID)
	}
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
