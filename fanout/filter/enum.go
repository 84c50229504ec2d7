package filter

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"weak"

	"github.com/tablewire/tablewire/protocol/wal"
)

// enumClasses holds the classes of enums, so that all filters of one share it. A
// class leaves when the last filter has.
var enumClasses sync.Map // of weak.Pointer[class], by enumKey

func enumKey(t *wal.Type) string {
	key := []byte(t.String())
	for _, label := range t.Labels {
		key = strconv.AppendQuote(key, label)
	}
	return string(key)
}

func enumClassOf(t *wal.Type) *class {
	key := enumKey(t)
	known, ok := enumClasses.Load(key)
	if ok {
		if c := known.(weak.Pointer[class]).Value(); c != nil {
			return c
		}
	}
	c := enumClass(t)
	pointer := weak.Make(c)
	// Of two that are made at once either may stay: they are alike.
	enumClasses.Store(key, pointer)
	runtime.AddCleanup(c, func(key string) { enumClasses.CompareAndDelete(key, pointer) }, key)
	return c
}

// enumClass orders by the labels' declared order. A row's label that is not
// among them was added since; the row's result is Unknown until the relation is
// known anew.
func enumClass(t *wal.Type) *class {
	ranks := make(map[string]int64, len(t.Labels))
	for i, label := range t.Labels {
		ranks[label] = int64(i)
	}
	return &class{
		literal: func(text string) (datum, error) {
			rank, ok := ranks[text]
			if !ok {
				return datum{}, errors.New("is not a label of " + t.String() + someLabels(t.Labels))
			}
			return datum{word: rank, bytes: []byte(text)}, nil
		},
		read: func(text []byte) (datum, bool) {
			rank, ok := ranks[string(text)]
			return datum{word: rank}, ok
		},
		comparison: words,
		ordered:    true,
	}
}

// maxLabels is how many labels an error message lists.
const maxLabels = 10

func someLabels(labels []string) string {
	if len(labels) > maxLabels {
		return " (" + strings.Join(labels[:maxLabels], ", ") + ", …)"
	}
	return " (" + strings.Join(labels, ", ") + ")"
}
