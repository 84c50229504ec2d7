package value

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"weak"

	"github.com/tablewire/tablewire/protocol/wal"
)

// enumOpclasses holds the opclasses of enums, so that all filters on one enum share one. An
// opclass leaves the map when the last filter that uses it is gone.
var enumOpclasses sync.Map // of weak.Pointer[Opclass], by enumKey

// enumKey names an enum by its type and labels: an enum that was altered has another one.
func enumKey(t *wal.Type) string {
	key := []byte(t.String())
	for _, label := range t.Labels {
		key = strconv.AppendQuote(key, label)
	}
	return string(key)
}

func enumOpclassOf(t *wal.Type) *Opclass {
	key := enumKey(t)
	known, ok := enumOpclasses.Load(key)
	if ok {
		if o := known.(weak.Pointer[Opclass]).Value(); o != nil {
			return o
		}
	}
	o := newEnumOpclass(t)
	pointer := weak.Make(o)
	// If two goroutines make one at once, either may stay: they are alike.
	enumOpclasses.Store(key, pointer)
	runtime.AddCleanup(o, func(key string) { enumOpclasses.CompareAndDelete(key, pointer) }, key)
	return o
}

// newEnumOpclass orders labels as the enum declares them. A row's label that is not among
// t.Labels was added since: Read fails for it until the catalog has been read again.
func newEnumOpclass(t *wal.Type) *Opclass {
	places := make(map[string]int64, len(t.Labels))
	for i, label := range t.Labels {
		places[label] = int64(i)
	}
	return &Opclass{
		literal: func(text string) (Datum, error) {
			place, ok := places[text]
			if !ok {
				return Datum{}, errors.New("is not a label of " + t.String() + someLabels(t.Labels))
			}
			return Datum{word: place, bytes: []byte(text)}, nil
		},
		Read: func(text []byte) (Datum, bool) {
			place, ok := places[string(text)]
			return Datum{word: place}, ok
		},
		Comparison: words,
		ordered:    true,
	}
}

// maxLabels is how many labels an error lists.
const maxLabels = 10

func someLabels(labels []string) string {
	if len(labels) > maxLabels {
		return " (" + strings.Join(labels[:maxLabels], ", ") + ", …)"
	}
	return " (" + strings.Join(labels, ", ") + ")"
}
