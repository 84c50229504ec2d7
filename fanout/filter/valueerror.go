package filter

import (
	"errors"
	"strings"
)

// valueError says that the value of a member can't be used. Its text repeats the
// value, which is the client's.
type valueError struct {
	columnType string
	err        error
}

func (e *valueError) Error() string { return e.err.Error() }

// ForLog is an error of Compile as the log may have it: without the client's values.
func ForLog(err error) string {
	var v *valueError
	if !errors.As(err, &v) {
		return err.Error()
	}
	return strings.TrimSuffix(err.Error(), v.Error()) + "the value can't be used on a column of type " + v.columnType
}
