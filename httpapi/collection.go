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

// join subscribes: first the collection must be there, then the filter and the
// columns must fit it. The hub queues "connected".
func (c *collection) join(ctx context.Context, n *session, _ auth.Principal, hello *protocol.Hello) error {
	extensions, clientErr := hello.Options()
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
		SubscriptionOptions: extensions,
		Queue:               n.conn.Queue(),
	}
	c.subscriber, err = c.server.cfg.Hub.Subscribe(subscription)
	if clientErr, ok := asProtocolError(err); ok && clientErr.Code == protocol.CloseBadRequest {
		return c.server.explain(ctx, subscription, err)
	}
	if err == nil && !c.server.cfg.Collections.Exposed(relation) {
		return errGoneMeanwhile // the hub heard of its end before it knew of us
	}
	return err
}

// explain says it of a column that is not sent, where a filter or a list of columns
// names one: for the client it is not there.
func (s *Server) explain(ctx context.Context, sub fanout.Subscription, err error) error {
	unsent, failed := s.cfg.Collections.Unsent(ctx, sub.Relation)
	if failed != nil || len(unsent) == 0 {
		return err // which is true, too
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

// why says why there is no such collection.
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

// errGoneMeanwhile has the client come back: the collection may be there again.
var errGoneMeanwhile = errors.New("the collection went away while it was subscribed to")

// resolve finds a collection. That it can't be clientErr is logged once an outage.
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

// isName reports whether a table can have a name.
func isName(name string) bool {
	return name != "" && !strings.ContainsRune(name, 0) && utf8.ValidString(name)
}
