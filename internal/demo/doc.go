// Package demo runs Tablewire on a private PostgreSQL server, for `tablewire demo`: a small shop
// whose rows keep changing, and a page that shows them.
//
// # The parts
//
//   - database.go starts from an empty server: it creates the database, the tables of
//     sql/schema.sql and the rows of sql/seed.sql. collections.go says what the page shows of
//     each table.
//   - workload.go changes rows at the pace of a small shop, with the statements in sql/.
//   - backend.go is the application behind the page, as users write their own: it returns the
//     rows that exist, and runs the statements of the page's buttons (buttons.go).
//   - Package page is the page itself.
//
// # What is guaranteed
//
// [Run] owns the PostgreSQL server and all goroutines: when it returns, they have ended and the
// data is on disk. The data directory stays, and the next Run continues with it. Run drops the
// tables of another version of the demo, and no other table. The
// tables keep to a few dozen rows.
//
// The backend changes rows only for a page of the same origin, on this machine, that sends the
// API key.
//
// # How to test
//
//	go test ./internal/demo/...
//
// The tests run the statements on a server of package pgtest. Those in integration open the
// page in a browser.
package demo
