// Package limit bounds what clients may take: connections, messages and requests, of
// one connection, of one client address and in all.
//
// A [Limits] counts for a whole server. Each connection has a [Client] in it, from
// [Limits.Admit] to [Limits.Release]; a plain request is charged with
// [Limits.ChargeRequest]; [Limits.ConnState] counts the connections of an http.Server that
// have not been upgraded yet. A caller that enforces a limit of its own, such as the rooms',
// reports a hit with [Limits.Hit], so that all are counted in one place ([Limits.Hits]).
//
// A client address is an IPv4 address, or the first 64 bits of an IPv6 one. [Proxies] finds
// it behind proxies that are trusted. A Limits remembers an address until it may spend
// all of its allowances at once again: an address that closes its connections and comes
// back does not start afresh.
//
// # Concurrency
//
// The methods of Limits may be called concurrently. A Client belongs to one goroutine at
// a time: the one that reads its connection, and at the end the one that releases it. The
// package starts no goroutine, does no I/O and knows no transport: a [Verdict] is only an
// answer, which the caller acts on.
//
// # Logging
//
// A client can hit a limit without end. [LogLimiter] limits a kind of log line to one in
// [LogInterval], with the number of those that were left out.
package limit
