package main

import "testing"

func TestByteSize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]byteSize{
		"1": 1, "1048576": 1 << 20, "1MiB": 1 << 20, "64KiB": 64 << 10, "2 GiB": 2 << 30, "1MB": 1e6, "10kB": 1e4, "7B": 7,
	} {
		var got byteSize
		if err := got.UnmarshalText([]byte(in)); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1", "0", "MiB", "1.5MiB", "1MiBs", "9999999999GiB"} {
		var got byteSize
		if err := got.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q was accepted as %d", in, got)
		}
	}
}
