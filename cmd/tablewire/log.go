package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// newLogger returns a logger that writes to w, as JSON or as text. Text has colours on a
// terminal. The logger names settings by their flags.
func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == "json" {
		return slog.New(flagNamer{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
	}
	file, ok := w.(*os.File)
	terminal := ok && isatty.IsTerminal(file.Fd())
	return slog.New(flagNamer{tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !terminal, TimeFormat: "15:04:05.000"})})
}
