// Package pgcatalog is the vocabulary of PostgreSQL's system catalogs: the rows that
// package sql reads and from which package cdc builds relations and types. It lets the two
// not know each other. It holds values only: nothing here does I/O, starts a goroutine or
// logs. The names are those of the manual's chapter "System Catalogs".
package pgcatalog
