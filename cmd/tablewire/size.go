package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// byteSize is a number of bytes on the command line: 1048576, 64KiB, 1MiB, 1MB.
type byteSize int64

// sizeUnits lists the units of a byteSize. "MiB" must come before "B", because the first suffix that fits counts.
var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"KB", 1e3},
	{"B", 1},
}

// String returns the size as UnmarshalText reads it, in the largest binary unit that divides it.
func (b byteSize) String() string {
	for _, u := range sizeUnits {
		if strings.HasSuffix(u.suffix, "iB") && b > 0 && int64(b)%u.bytes == 0 {
			return strconv.FormatInt(int64(b)/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// LogValue returns the size as String does, for the log.
func (b byteSize) LogValue() slog.Value { return slog.StringValue(b.String()) }

// UnmarshalText reads a whole number of bytes or of a unit, greater than 0.
func (b *byteSize) UnmarshalText(text []byte) error {
	s, unit := strings.TrimSpace(string(text)), int64(1)
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(s, u.suffix); ok {
			s, unit = strings.TrimSpace(number), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is not a size: give a number of bytes, or a size such as 64KiB or 1MiB", text)
	}
	*b = byteSize(n * unit)
	return nil
}
