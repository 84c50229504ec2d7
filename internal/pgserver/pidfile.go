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

// pidFile is what postgres writes into postmaster.pid, one item a line: process
// id, data directory, start time, port, socket folder, address, shared memory,
// state.
type pidFile struct {
	pid   int
	port  int
	ready bool
	text  string
}

func pidFilePath(dataDir string) string { return filepath.Join(dataDir, "postmaster.pid") }

func readPIDFile(dataDir string) (pidFile, error) {
	data, err := os.ReadFile(pidFilePath(dataDir))
	if err != nil {
		return pidFile{}, err
	}
	f := pidFile{text: string(data)}
	lines := strings.Split(f.text, "\n")
	f.pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, fmt.Errorf("%s: the first line is no process id: remove the file if no server uses the directory", pidFilePath(dataDir))
	}
	if len(lines) > 3 {
		f.port, _ = strconv.Atoi(strings.TrimSpace(lines[3])) // 0 while it is being written
	}
	f.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return f, nil
}

// checkUnused fails with ErrInUse if a live server has the data directory.
//
// What a dead server left is postgres' own business: it looks for processes that
// still have its shared memory. But it takes any live process of the old number
// for the old server. Where that is another process, the file gets our number,
// which postgres knows for its parent's and does not mind.
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
		return fmt.Errorf("data directory %s: %w, process %d on port %d: stop that one first or choose another directory",
			dataDir, ErrInUse, f.pid, f.port)
	}
	_, rest, _ := strings.Cut(f.text, "\n")
	if err := os.WriteFile(pidFilePath(dataDir), []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// isServer says whether the process that a pid file names is that server, and
// not another process that got the number later.
func isServer(ctx context.Context, f pidFile, dataDir string) bool {
	if here, known := processFolder(f.pid); known {
		want, err := os.Stat(dataDir)
		return err == nil && os.SameFile(here, want)
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

// processFolder is a process' working directory, where the system tells: for a
// server it is the data directory.
func processFolder(pid int) (fs.FileInfo, bool) {
	info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return info, err == nil
}
