//go:build unix

package pgserver_test

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver"
)

func start(t *testing.T, cfg pgserver.Config) *pgserver.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL, which -short leaves out")
	}
	s, err := pgserver.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// startError returns the error of a start that must fail.
func startError(t *testing.T, cfg pgserver.Config) error {
	t.Helper()
	s, err := pgserver.Start(t.Context(), cfg)
	if err == nil {
		s.Close()
		t.Fatal("the server started")
	}
	return err
}

// dataDir returns a path for a data directory. The server's user can enter the folders above
// it, which is not so for t.TempDir if the test runs as root.
func dataDir(t *testing.T) string {
	t.Helper()
	tempDir, err := pgserver.NewTempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tempDir.Remove(); err != nil {
			t.Error(err)
		}
	})
	return tempDir.DataDir()
}

// query returns the single value that a statement selects.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var v string
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("Fresh", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		s := start(t, pgserver.Config{Settings: map[string]string{"max_wal_senders": "7"}})
		t.Logf("ready after %v", time.Since(began))
		for sql, want := range map[string]string{
			"SHOW wal_level":               "logical",
			"SHOW max_wal_senders":         "7",
			"SHOW listen_addresses":        "127.0.0.1",
			"SHOW unix_socket_directories": "",
			"SHOW server_encoding":         "UTF8",
			"SHOW fsync":                   "on",
			"SELECT current_user::text":    "postgres",
			"SELECT split_part(current_setting('server_version'), ' ', 1)": s.Version(),
		} {
			if got := query(t, s.URL("postgres"), sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
		dir := query(t, s.URL("postgres"), "SHOW data_directory")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if exists(filepath.Dir(dir)) {
			t.Errorf("%s is still there", filepath.Dir(dir))
		}
		if s.Err() != nil {
			t.Errorf("Err after an orderly shutdown: %v", s.Err())
		}
	})
	t.Run("RemovesFoldersOfKilledStarts", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		old, other := dir+".tablewire-initdb-123", dir+".tablewire-initdb-456"
		theirs := dir + ".new-2024" // a folder of another program
		for _, d := range []string{old, other, theirs} {
			if err := os.MkdirAll(filepath.Join(d, "base"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		hourAgo := time.Now().Add(-time.Hour)
		for _, d := range []string{old, theirs} {
			if err := os.Chtimes(d, hourAgo, hourAgo); err != nil {
				t.Fatal(err)
			}
		}
		start(t, pgserver.Config{DataDir: dir})
		if !exists(theirs) {
			t.Error("a folder with a similar name was removed")
		}
		if exists(old) || !exists(other) {
			t.Errorf("the abandoned folder exists: %v, want false; the folder of a running start exists: %v, want true", exists(old), exists(other))
		}
	})
	t.Run("ReusesDataDir", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		s := start(t, pgserver.Config{DataDir: dir})
		id := query(t, s.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s = start(t, pgserver.Config{DataDir: dir})
		t.Logf("ready after %v", time.Since(began))
		if again := query(t, s.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()"); again != id {
			t.Errorf("system identifier %s, and %s before", again, id)
		}
	})
	t.Run("InitialisesAnEmptyDataDir", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		query(t, start(t, pgserver.Config{DataDir: dir}).URL("postgres"), "SELECT '1'")
	})
	t.Run("RecoversAfterKill", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		s := start(t, pgserver.Config{DataDir: dir})
		before := query(t, s.URL("postgres"), "SELECT pg_current_wal_insert_lsn() FROM pg_switch_wal()")
		s.Kill()
		s = start(t, pgserver.Config{DataDir: dir})
		if query(t, s.URL("postgres"), "SELECT (pg_current_wal_lsn() >= '"+before+"')::text") != "true" {
			t.Errorf("the log ends before %s", before)
		}
	})
	t.Run("IgnoresAStalePIDFile", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		s := start(t, pgserver.Config{DataDir: dir})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		// The process with this id now is not a server.
		stale := strings.Join([]string{strconv.Itoa(os.Getppid()), dir, "1700000000", "1", "", "127.0.0.1", "", "ready", ""}, "\n")
		if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		start(t, pgserver.Config{DataDir: dir})
	})
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	says := func(t *testing.T, err error, want ...string) {
		t.Helper()
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q\ndoes not say %q", err, part)
			}
		}
	}
	fails := func(t *testing.T, cfg pgserver.Config, want ...string) {
		t.Helper()
		says(t, startError(t, cfg), want...)
	}
	t.Run("DataDirInUse", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		s := start(t, pgserver.Config{DataDir: dir})
		err := startError(t, pgserver.Config{DataDir: dir})
		says(t, err, dir, strconv.Itoa(s.ProcessID()), strconv.Itoa(s.Port()))
		if !errors.Is(err, pgserver.ErrInUse) {
			t.Errorf("error %v is not ErrInUse", err)
		}
		query(t, s.URL("postgres"), "SELECT '1'")
	})
	t.Run("PortTaken", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		s := start(t, pgserver.Config{})
		fails(t, pgserver.Config{DataDir: dir, Port: s.Port()}, strconv.Itoa(s.Port()), "taken")
	})
	t.Run("FolderOfSomethingElse", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		thesis := filepath.Join(dir, "thesis.txt")
		if err := os.WriteFile(thesis, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, pgserver.Config{DataDir: dir}, dir, "neither empty")
		if !exists(thesis) {
			t.Error("the file was removed")
		}
	})
	t.Run("OtherMajorVersion", func(t *testing.T) {
		t.Parallel()
		start(t, pgserver.Config{}) // skips with -short, and proves that binaries exist
		dir := dataDir(t)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("13\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, pgserver.Config{DataDir: dir}, dir, "was initialised by PostgreSQL 13", "install version 13")
	})
	t.Run("OtherMajorVersionThanWanted", func(t *testing.T) {
		t.Parallel()
		dir := dataDir(t)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, pgserver.Config{DataDir: dir, Major: 16}, dir, "was initialised by PostgreSQL 15", "16 is wanted")
		fails(t, pgserver.Config{Major: 13}, "PostgreSQL 13 is too old")
		fails(t, pgserver.Config{Major: 99}, "PostgreSQL 99 is wanted", "install version 99")
	})
	t.Run("NoBinariesInBinDir", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		fails(t, pgserver.Config{BinDir: dir}, dir, "no postgres program")
	})
	t.Run("UnknownSetting", func(t *testing.T) {
		t.Parallel()
		start(t, pgserver.Config{})
		fails(t, pgserver.Config{Settings: map[string]string{"wal_lvl": "logical"}}, "wal_lvl")
	})
	t.Run("PortAsSetting", func(t *testing.T) {
		t.Parallel()
		fails(t, pgserver.Config{Settings: map[string]string{"port": "1"}}, "Config.Port")
	})
	t.Run("Canceled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		dir := dataDir(t)
		if s, err := pgserver.Start(ctx, pgserver.Config{DataDir: dir}); err == nil {
			s.Close()
			t.Fatal("the server started")
		}
		if left, _ := filepath.Glob(dir + "*"); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	})
	t.Run("DataDirClosedToServerUser", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() != 0 { // the server runs as this user, who may enter the folder
			start(t, pgserver.Config{DataDir: filepath.Join(dir, "data")})
			return
		}
		fails(t, pgserver.Config{DataDir: filepath.Join(dir, "data")}, dir, "closed to the user", "chmod a+x")
	})
}

func TestServer(t *testing.T) {
	t.Parallel()
	t.Run("CloseIsIdempotent", func(t *testing.T) {
		t.Parallel()
		s := start(t, pgserver.Config{})
		var closing sync.WaitGroup
		for range 4 {
			closing.Go(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				select {
				case <-s.Done():
				default:
					t.Error("Close returned before the end")
				}
			})
		}
		closing.Wait()
	})
	t.Run("CloseDisconnectsClients", func(t *testing.T) {
		t.Parallel()
		s := start(t, pgserver.Config{})
		conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if conn.Ping(t.Context()) == nil {
			t.Error("the connection is still there")
		}
	})
	t.Run("DoneWhenKilled", func(t *testing.T) {
		t.Parallel()
		s := start(t, pgserver.Config{})
		if err := s.Err(); err != nil {
			t.Errorf("Err while it runs: %v", err)
		}
		if err := syscall.Kill(s.ProcessID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		var died *pgserver.StartError
		if err := s.Err(); !errors.As(err, &died) || !strings.Contains(err.Error(), "killed") {
			t.Errorf("Err = %v", err)
		}
	})
	t.Run("EndsWithItsParent", func(t *testing.T) {
		t.Parallel()
		endsWithParent(t)
	})
}

// endsWithParent kills a process that runs a server, and waits until the server has ended.
func endsWithParent(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL, which -short leaves out")
	}
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), helperEnv+"=1")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	url := lines.Text()
	dir := query(t, url, "SHOW data_directory")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the parent ended before it was killed")
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(dir)) })
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	gone := func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			conn.Close()
		}
		// postgres removes its pid file last.
		return err != nil && !exists(filepath.Join(dir, "postmaster.pid"))
	}
	deadline := time.After(10 * time.Second)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !gone() {
		select {
		case <-deadline:
			t.Fatalf("the server in %s outlived its parent", dir)
		case <-poll.C:
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, cwd := range processes {
		if where, err := os.Readlink(cwd); err == nil && where == dir {
			t.Errorf("%s still works in %s", filepath.Dir(cwd), dir)
		}
	}
}
