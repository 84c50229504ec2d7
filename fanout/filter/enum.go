package filter

import (
	"errors"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// enumClass orders by the labels' declared order. A row's label that is not
// among them was added since; the row's result is Unknown until the relation is
// known anew.
func enumClass(t *protocol.Type) *class {
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
		compare: compareWords,
		ordered: true,
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
