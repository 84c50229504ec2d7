// Package pgcatalog is the vocabulary of PostgreSQL's system catalogs: the rows that the
// statements of package sql read, from which package cdc makes relations and types. It
// holds values only.
package pgcatalog
