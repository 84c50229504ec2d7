package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pidFile is the content of postmaster.pid in the data directory of a running server. It has
// one item a line: process id, data directory, start time, port, socket directory, listen
// address, shared memory key, state (PostgreSQL manual, "Database File Layout").
type pidFile struct {
	pid   int
	port  int
	ready bool
	text  string
}

func pidFilePath(dataDir string) string { return filepath.Join(dataDir, "postmaster.pid") }

// readPIDFile reads postmaster.pid of a data directory. A file that postgres has not completed yet
// has no port and is not ready.
func readPIDFile(dataDir string) (pidFile, error) {
	data, err := os.ReadFile(pidFilePath(dataDir))
	if err != nil {
		return pidFile{}, err
	}
	f := pidFile{text: string(data)}
	lines := strings.Split(f.text, "\n")
	f.pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, fmt.Errorf("%s: the first line is not a process id: remove the file if no server uses the directory", pidFilePath(dataDir))
	}
	if len(lines) > 3 {
		f.port, _ = strconv.Atoi(strings.TrimSpace(lines[3])) // 0 while postgres writes the file
	}
	f.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return f, nil
}

// checkUnused fails with ErrInUse if a running server uses the data directory.
//
// A server that was killed leaves its file postmaster.pid behind. At the next start postgres
// reads the process id in it, and refuses to start if a process with that id exists, which may
// be another program by now. In that case checkUnused writes the id of this process into the
// file: postgres accepts the id of its parent.
func checkUnused(ctx context.Context, dataDir string) error {
	f, err := readPIDFile(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data directory %s: %w", dataDir, err)
	}
	if !alive(f.pid) {
		return nil
	}
	if isServer(ctx, f, dataDir) {
		return fmt.Errorf("data directory %s: %w, process %d on port %d: stop that server first, or choose another directory",
			dataDir, ErrInUse, f.pid, f.port)
	}
	_, rest, _ := strings.Cut(f.text, "\n")
	if err := os.WriteFile(pidFilePath(dataDir), []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// isServer reports whether the process of a pid file is the server on dataDir, and not another
// program that got the same id later. It compares the working directory where the system shows
// that, else it connects to the port.
func isServer(ctx context.Context, f pidFile, dataDir string) bool {
	if dir, known := workingDir(f.pid); known {
		want, err := os.Stat(dataDir)
		return err == nil && os.SameFile(dir, want)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(f.port)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// workingDir returns a process's working directory, which is the data directory for a server.
// It reports false where the system does not show it, as outside of Linux.
func workingDir(pid int) (fs.FileInfo, bool) {
	info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return info, err == nil
}
