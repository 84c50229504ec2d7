package main

import (
	"context"
	"log/slog"

	"github.com/tablewire/tablewire/protocol"
)

// nameFlags returns a text of the packages in which each setting has the name of its flag:
// the setting "slot" is --slot.
func nameFlags(text string) string {
	return protocol.RenameSettings(text, func(name string) string { return "--" + name })
}

// flagNamer is a log handler that calls nameFlags for the message and the values of each
// record.
type flagNamer struct{ slog.Handler }

// Handle passes a record on.
func (f flagNamer) Handle(ctx context.Context, r slog.Record) error {
	named := slog.NewRecord(r.Time, r.Level, nameFlags(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		named.AddAttrs(nameFlagsIn(a))
		return true
	})
	return f.Handler.Handle(ctx, named)
}

// WithAttrs returns a handler that has more attributes.
func (f flagNamer) WithAttrs(attrs []slog.Attr) slog.Handler {
	named := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		named[i] = nameFlagsIn(a)
	}
	return flagNamer{f.Handler.WithAttrs(named)}
}

// WithGroup returns a handler whose attributes are in a group.
func (f flagNamer) WithGroup(name string) slog.Handler { return flagNamer{f.Handler.WithGroup(name)} }

// nameFlagsIn calls nameFlags for an attribute that is a text or an error. Other attributes never
// name settings.
func nameFlagsIn(a slog.Attr) slog.Attr {
	var text string
	if a.Value.Kind() == slog.KindString {
		text = a.Value.String()
	} else if err, ok := a.Value.Any().(error); ok {
		text = err.Error()
	}
	if named := nameFlags(text); named != text {
		return slog.String(a.Key, named)
	}
	return a
}
