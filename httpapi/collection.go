package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// collection is the endpoint of a client that follows a collection.
type collection struct {
	server     *Server
	name       string
	subscriber *fanout.Subscriber
}

func collectionOf(s *Server, r *http.Request) endpoint {
	return &collection{server: s, name: restOfPath(r, collectionsPath)}
}

// join subscribes: first the collection must exist, then the filter and the columns must
// fit it. The hub queues "connected".
func (c *collection) join(ctx context.Context, q *fanout.Queue, _ auth.Principal, hello *protocol.Hello) error {
	options, clientErr := hello.Options()
	if clientErr != nil {
		return clientErr
	}
	relation, err := c.server.resolve(ctx, c.name)
	if err != nil {
		return err
	}
	subscription := fanout.Subscription{
		Relation:            relation,
		CollectionID:        c.name,
		Filters:             hello.Filters,
		SubscriptionOptions: options,
		Queue:               q,
	}
	c.subscriber, err = c.server.cfg.Hub.Subscribe(subscription)
	if clientErr, ok := asProtocolError(err); ok && clientErr.Code == protocol.CloseBadRequest {
		return c.server.explain(ctx, subscription, err)
	}
	if err == nil && !c.server.cfg.Collections.Exposed(relation) {
		return errGoneMeanwhile // the hub may have ended its subscriptions before this one was there
	}
	return err
}

// explain returns a better error than err if a filter or a list of columns names a column
// that PostgreSQL does not send: for the hub it does not exist.
func (s *Server) explain(ctx context.Context, sub fanout.Subscription, err error) error {
	unsent, failed := s.cfg.Collections.Unsent(ctx, sub.Relation)
	if failed != nil || len(unsent) == 0 {
		return err
	}
	relation := *sub.Relation
	relation.Unsent = unsent
	sub.Relation = &relation
	if better := sub.Check(); better != nil {
		return better
	}
	return err
}

func (c *collection) command(m protocol.Command) *protocol.Error {
	return errUnknownCommand(m, `"ping"`)
}

func (c *collection) path() string { return collectionsPath + c.name }

// why returns why there is no such collection, for the log.
func (c *collection) why(ctx context.Context) string {
	if !isName(c.name) {
		return "no table can have such a name"
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return c.server.cfg.Collections.Why(ctx, c.name)
}

func (c *collection) leave() {
	if c.subscriber != nil {
		c.server.cfg.Hub.Unsubscribe(c.subscriber)
	}
}

// errGoneMeanwhile makes the client come back, because the collection may exist again.
var errGoneMeanwhile = errors.New("the collection was dropped while a client subscribed to it")

// resolve finds a collection. If nobody can tell whether it exists, that is logged once an
// outage.
func (s *Server) resolve(ctx context.Context, name string) (*wal.Relation, error) {
	if !isName(name) {
		return nil, protocol.ErrCollectionNotFound
	}
	relation, err := s.cfg.Collections.Resolve(ctx, name)
	_, known := asProtocolError(err)
	switch {
	case err == nil || known:
		if s.noCollections.end() {
			s.log.Info("collections can be looked up again")
		}
	case s.transport.Context().Err() != nil: // the server is ending
	case s.noCollections.begin():
		s.log.Error("collections can't be looked up: clients are asked to come back", "collection", name, "error", err)
	}
	return relation, err
}

// isName reports whether name is one that a table can have.
func isName(name string) bool {
	return name != "" && !strings.ContainsRune(name, 0) && utf8.ValidString(name)
}
