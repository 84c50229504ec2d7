package fanout

import (
	"bytes"
	"slices"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// spec is a subscription as the client asked for it. It is compiled again for each version
// of the table. It is immutable, and equal subscribers share one.
type spec struct {
	collectionJSON string // the collection's name as the client gave it, a JSON string
	filters        []byte
	protocol.SubscriptionOptions
}

// compiled is a spec compiled for one version of its table.
type compiled struct {
	relation   *wal.Relation
	key        string // the filter's canonical form
	filter     *filter.Filter
	projection projection
}

// compile compiles the spec for a version of the table. The error is a [*protocol.Error]
// for the client.
func (s *spec) compile(relation *wal.Relation) (compiled, error) {
	f, err := filter.Compile(s.filters, relation)
	return s.compileWith(relation, f, err)
}

// compileWith is compile with the result of compiling the filters.
func (s *spec) compileWith(relation *wal.Relation, f *filter.Filter, err error) (compiled, error) {
	if err != nil {
		clientErr := protocol.ErrInvalidFilter(err.Error())
		clientErr.ForLog = filter.ForLog(err)
		return compiled{}, clientErr
	}
	columns, err := protocol.ChooseColumns(relation, s.Columns)
	if err != nil {
		return compiled{}, protocol.ErrInvalidColumns(err.Error())
	}
	return compiled{
		relation: relation, key: f.Key(), filter: f,
		projection: projection{
			Projection:  protocol.Projection{CollectionJSON: s.collectionJSON, Columns: columns},
			transitions: s.Transitions && !f.Empty(), // no row enters or leaves an empty filter
			events:      s.Events,
		},
	}, nil
}

// pending stands in for a spec that does not fit the topic's version of the table. It has
// no filter, so it matches no row but still sees truncations. Its key is the client's
// text, because a filter that does not compile has no canonical form.
func (s *spec) pending() compiled {
	return compiled{key: "\x00" + string(s.filters), projection: projection{Projection: protocol.Projection{CollectionJSON: s.collectionJSON}, events: s.Events}}
}

func (s *spec) equal(o *spec) bool {
	return s.collectionJSON == o.collectionJSON && bytes.Equal(s.filters, o.filters) &&
		s.Transitions == o.Transitions && s.Events == o.Events &&
		(s.Columns == nil) == (o.Columns == nil) && slices.Equal(s.Columns, o.Columns)
}
