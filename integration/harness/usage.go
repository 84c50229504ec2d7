package harness

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// CPUTime returns the processor time that the process has used, user and system. It
// counts in clock ticks of 10 ms (proc_pid_stat(5)).
func (p *Process) CPUTime(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("read the processor time of a process, which needs Linux: %v", err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the third field and on
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// ResidentBytes returns how much memory of the process is resident.
func (p *Process) ResidentBytes(t testing.TB) int64 {
	t.Helper()
	n, err := residentBytes(p.cmd.Process.Pid)
	if err != nil {
		t.Fatalf("read the memory of a process, which needs Linux: %v", err)
	}
	return n
}

func residentBytes(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(statm)) // proc_pid_statm(5)
	if err != nil || len(fields) < 2 {
		return 0, fmt.Errorf("no memory of process %d: %w", pid, err)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// WatchResident samples the process's resident memory every 10 ms until the test ends.
// The function that it returns gives the highest sample so far, in bytes.
func (p *Process) WatchResident(t testing.TB) (peak func() int64) {
	t.Helper()
	var highest atomic.Int64
	highest.Store(p.ResidentBytes(t))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-p.exited:
				return
			case <-tick.C:
				if now, err := residentBytes(p.cmd.Process.Pid); err == nil {
					highest.Store(max(highest.Load(), now))
				}
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
	return highest.Load
}
