//go:build unix

package pgserver

import "testing"

// A process that has to wait for another one reports so, once.
func TestLockFolderReportsWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	waits := make(chan struct{}, 10)
	unlock, err := lockFolder(t.Context(), dir, func() { t.Error("lockFolder waits for a lock that is free") })
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-waits
		unlock()
	}()
	unlockSecond, err := lockFolder(t.Context(), dir, func() { waits <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	unlockSecond()
	if len(waits) > 0 {
		t.Error("lockFolder reported more than once")
	}
}
