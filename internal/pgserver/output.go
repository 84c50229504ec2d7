package pgserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// output runs a program in a folder and gives what it prints, in English. The error
// has what it said, and is the context's where that has ended.
func output(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return out, nil
}
