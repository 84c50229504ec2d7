package sql

import (
	"context"
	"reflect"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol/wal"
)

// citext is the type whose values compare by the database's lower().
var citext = wal.ExtensionType{Name: "citext", Type: "citext"}

// locale is what lower() depends on.
type locale struct {
	Encoding          string
	BytesPerCharacter int
	Provider          string // c libc, i ICU, b PostgreSQL's own
	Locale            string
	Since             string // changes when the server is restarted or its locale is altered
}

// The last characters that readLower asks for.
const (
	lastByte  = 255
	lastCased = 0x1ffff
)

// currentFolding reads how the database folds text, again only if the locale has changed.
// It returns the same pointer as long as the result is equal.
func (d *Database) currentFolding(ctx context.Context, conn *pgx.Conn) (*wal.Folding, error) {
	rows, err := conn.Query(ctx, databaseLocale)
	if err != nil {
		return nil, err
	}
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[locale])
	if err != nil || l == d.foldingLocale && d.folding != nil {
		return d.folding, err
	}
	f, err := readFolding(ctx, conn, l)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(f, d.folding) {
		d.folding = f
	}
	d.foldingLocale = l
	return d.folding, nil
}

func readFolding(ctx context.Context, conn *pgx.Conn, l locale) (*wal.Folding, error) {
	switch {
	case l.Provider != "i" && (l.Locale == "C" || l.Locale == "POSIX"):
		return asciiFolding(), nil
	case l.Encoding == "UTF8":
		return readUnicodeFolding(ctx, conn)
	case l.Provider == "c" && l.BytesPerCharacter == 1 && l.Encoding != "SQL_ASCII":
		lower, err := readLower(ctx, conn, lastByte)
		return &wal.Folding{Lower: lower}, err
	}
	return &wal.Folding{Unknown: "its encoding is " + l.Encoding + " and its locale " + l.Locale}, nil
}

// asciiFolding is lower() of the locale C.
func asciiFolding() *wal.Folding {
	f := &wal.Folding{Lower: map[rune]string{}}
	for c := 'A'; c <= 'Z'; c++ {
		f.Lower[c] = string(c - 'A' + 'a')
	}
	return f
}

func readUnicodeFolding(ctx context.Context, conn *pgx.Conn) (*wal.Folding, error) {
	f := &wal.Folding{}
	var err error
	if f.Lower, err = readLower(ctx, conn, lastCased); err != nil {
		return nil, err
	}
	if err := conn.QueryRow(ctx, foldingContext).Scan(&f.FinalSigma, &f.IgnorableStart, &f.Marks); err != nil || !f.FinalSigma {
		return f, err
	}
	rows, err := conn.Query(ctx, foldingWords)
	if err != nil {
		return nil, err
	}
	var cased bool
	var r wal.RuneRange
	_, err = pgx.ForEachRow(rows, []any{&cased, &r.First, &r.Last}, func() error {
		if cased {
			f.Cased = append(f.Cased, r)
		} else {
			f.Ignorable = append(f.Ignorable, r)
		}
		return nil
	})
	return f, err
}

func readLower(ctx context.Context, conn *pgx.Conn, last int) (map[rune]string, error) {
	rows, err := conn.Query(ctx, foldingLower, last)
	if err != nil {
		return nil, err
	}
	lower := map[rune]string{}
	var from, to string
	_, err = pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		c, _ := utf8.DecodeRuneInString(from)
		lower[c] = to
		return nil
	})
	return lower, err
}
