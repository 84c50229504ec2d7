package filter

import (
	"errors"
	"strings"
)

// valueError says that the value of a member can't be used. Its text repeats the value, which
// belongs to the client and not into a log.
type valueError struct {
	columnType string
	err        error
}

func (e *valueError) Error() string { return e.err.Error() }

// ForLog returns the text of an error of Compile for a log: without the client's values.
func ForLog(err error) string {
	var v *valueError
	if !errors.As(err, &v) {
		return err.Error()
	}
	return strings.TrimSuffix(err.Error(), v.Error()) + "the value can't be used on a column of type " + v.columnType
}
