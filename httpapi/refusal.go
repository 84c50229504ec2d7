package httpapi

import (
	"context"
	"net/netip"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// refusal is a kind of mistake for which a client is refused, and which the log tells
// of because an operator, or who wrote the client, has to mend something.
type refusal uint8

const (
	refusedMessage refusal = iota // the first message
	refusedKey
	refusedCollection
	refusedFilter
)

var refusals = [...]string{
	refusedMessage:    "a client was refused: its first message can't be used",
	refusedKey:        "a client was refused: its API key is missing or wrong",
	refusedCollection: "a client was refused: there is no such collection for it",
	refusedFilter:     "a client was refused: its filter can't be used",
}

// refusalOf is the kind of an error; ok is false for one that is no such mistake.
func refusalOf(told *protocol.Error) (r refusal, ok bool) {
	switch told.Message {
	case protocol.ErrKeyRequired.Message, protocol.ErrKeyInvalid.Message:
		return refusedKey, true
	case protocol.ErrCollectionNotFound.Message:
		return refusedCollection, true
	case protocol.ErrInvalidFilter("").Message:
		return refusedFilter, true
	}
	return refusedMessage, told.Code == protocol.CloseBadRequest
}

// refused tells that a client was refused at a path. why says why there is no such
// collection, if that is it, and is asked only for a line that is written.
func (n *notices) refused(ctx context.Context, told *protocol.Error, path string, ip netip.Addr, why func(context.Context) string) {
	r, ok := refusalOf(told)
	if !ok {
		return
	}
	a := about{ip: ip, path: brief(path), told: told.Message, reason: cut(told.ForLog, 256), why: why}
	if count := n.refusals[r].add(time.Now(), a); count > 0 {
		n.tellRefused(ctx, r, a, count)
	}
}

func (n *notices) tellRefused(ctx context.Context, r refusal, a about, count int) {
	args := []any{"path", a.path, "error", a.told}
	if r == refusedCollection && a.why != nil {
		a.reason = a.why(ctx)
	}
	if a.reason != "" {
		args = append(args, "reason", a.reason)
	}
	n.log.Info(refusals[r], append(args, "address", a.ip, "count", count)...)
}
