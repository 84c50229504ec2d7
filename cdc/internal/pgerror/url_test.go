package pgerror

import (
	"strings"
	"testing"
)

// The problem of a URL that can't be read says which part is wrong, and quotes none of it.
func TestUnreadableURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"mysql://app:hush@localhost/shop":                         "does not begin with postgres://",
		"jdbc:postgresql://localhost/shop?user=hush":              "does not begin with postgres://",
		"localhost:5432/hush":                                     "does not begin with postgres://",
		"postgres://app:hush@localhost/shop?sslmode=hush":         "its sslmode is none of disable",
		"host=localhost password=hush sslmode=hush":               "its sslmode is none of disable",
		"postgres://app:hush@localhost:254hush/shop":              "its port is not a number",
		"postgres://app:hush@localhost:70000/shop?sslmode=prefer": "its port is not a number",
		"postgres://app:hu%zzhush@localhost/shop":                 "a % that does not begin an escape",
	} {
		err := CheckURL(url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the problem quotes the URL: %v", url, err)
		}
	}
}
