package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// watch is a socket that follows a collection.
type watch struct {
	server     *Server
	name       string
	subscriber *fanout.Subscriber
}

func watchOf(s *Server, r *http.Request) kind {
	return &watch{server: s, name: restOfPath(r, collectionsPath)}
}

// join subscribes: first the collection must be there, then the filter and the
// columns must fit it. The hub queues "connected".
func (w *watch) join(ctx context.Context, k *socket, _ auth.Principal, hello *protocol.Hello) error {
	extensions, told := hello.Options()
	if told != nil {
		return told
	}
	relation, err := w.server.resolve(ctx, w.name)
	if err != nil {
		return err
	}
	subscription := fanout.Subscription{
		Relation:            relation,
		CollectionID:        w.name,
		Filters:             hello.Filters,
		SubscriptionOptions: extensions,
		Queue:               &k.queue,
	}
	w.subscriber, err = w.server.cfg.Hub.Subscribe(subscription)
	if told, ok := asProtocolError(err); ok && told.Code == protocol.CloseBadRequest {
		return w.server.explain(ctx, subscription, err)
	}
	if err == nil && !w.server.cfg.Collections.Exposed(relation) {
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

func (w *watch) command(c protocol.Command, _ []byte) *protocol.Error {
	return errUnknownCommand(c, `"ping"`)
}

func (w *watch) path() string { return collectionsPath + w.name }

// why says why there is no such collection.
func (w *watch) why(ctx context.Context) string {
	if !isName(w.name) {
		return "no table can have such a name"
	}
	ctx, cancel := context.WithTimeout(ctx, w.server.times.resolve)
	defer cancel()
	return w.server.cfg.Collections.Why(ctx, w.name)
}

func (w *watch) leave() {
	if w.subscriber != nil {
		w.server.cfg.Hub.Unsubscribe(w.subscriber)
	}
}

// errGoneMeanwhile has the client come back: the collection may be there again.
var errGoneMeanwhile = errors.New("the collection went away while it was subscribed to")

// resolve finds a collection. That it can't be told is logged once an outage.
func (s *Server) resolve(ctx context.Context, name string) (*wal.Relation, error) {
	if !isName(name) {
		return nil, protocol.ErrCollectionNotFound
	}
	relation, err := s.cfg.Collections.Resolve(ctx, name)
	_, told := asProtocolError(err)
	switch {
	case err == nil || told:
		if s.unresolved.end() {
			s.log.Info("collections can be looked up again")
		}
	case s.life.Err() != nil: // the server is ending
	case s.unresolved.begin():
		s.log.Error("collections can't be looked up: clients are asked to come back", "collection", name, "error", err)
	}
	return relation, err
}

// isName reports whether a table can have a name.
func isName(name string) bool {
	return name != "" && !strings.ContainsRune(name, 0) && utf8.ValidString(name)
}

// asProtocolError finds what a client is told in an error.
func asProtocolError(err error) (*protocol.Error, bool) {
	var told *protocol.Error
	ok := errors.As(err, &told)
	return told, ok
}

// onceWhile tells the beginning and the end of a condition that many notice.
type onceWhile struct {
	on atomic.Bool
}

func (o *onceWhile) begin() bool { return o.on.CompareAndSwap(false, true) }

func (o *onceWhile) end() bool { return o.on.Load() && o.on.CompareAndSwap(true, false) }
