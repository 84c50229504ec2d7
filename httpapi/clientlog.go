package httpapi

import (
	"context"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/protocol"
)

// clientLog logs what clients do that an operator may have to act on. Clients could do any
// of it without end: so each kind of line is limited. Its methods may be called
// concurrently.
type clientLog struct {
	log        *slog.Logger
	queueBytes int // bytes that may wait for a client
	proxies    limit.Proxies

	originWarned atomic.Bool // a refused origin was logged as a warning

	origins    limit.LogLimiter[clientSubject]
	slowOnes   limit.LogLimiter[clientSubject]
	limits     []limit.LogLimiter[clientSubject] // by limit.Kind
	rejections [len(rejections)]limit.LogLimiter[clientSubject]
}

func newClientLog(log *slog.Logger, queueBytes int) *clientLog {
	return &clientLog{log: log, queueBytes: queueBytes, limits: make([]limit.LogLimiter[clientSubject], len(limit.Kinds()))}
}

// clientSubject is who a line is about. What a client chose itself is shortened, and
// nothing of it is a key or a value.
type clientSubject struct {
	ip                netip.Addr
	origin, host      string                       // of a page that may not connect
	path              string                       // where a client was rejected
	clientErr, reason string                       // the error that it got, and what the log may say of it
	why               func(context.Context) string // finds the reason where that takes a while
}

// run logs, until ctx ends, what has happened after a line and before the next was due.
func (l *clientLog) run(ctx context.Context) {
	tick := time.NewTicker(limit.LogInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			l.flush(ctx, now)
		}
	}
}

func (l *clientLog) flush(ctx context.Context, now time.Time) {
	if s, count := l.origins.Flush(now); count > 0 {
		l.logOrigin(s, count)
	}
	if s, count := l.slowOnes.Flush(now); count > 0 {
		l.logSlow(s, count)
	}
	for i := range l.limits {
		if s, count := l.limits[i].Flush(now); count > 0 {
			l.logLimit(limit.Kind(i), s, count)
		}
	}
	for i := range l.rejections {
		if s, count := l.rejections[i].Flush(now); count > 0 {
			l.logRejection(ctx, rejection(i), s, count)
		}
	}
}

// refusedOrigin logs that a page may not connect.
func (l *clientLog) refusedOrigin(origin, host string, ip netip.Addr) {
	s := clientSubject{ip: ip, origin: shorten(origin, maxLogged), host: shorten(host, maxLogged)}
	if count := l.origins.Add(time.Now(), s); count > 0 {
		l.logOrigin(s, count)
	}
}

func (l *clientLog) logOrigin(s clientSubject, count int) {
	level := slog.LevelInfo
	if l.originWarned.CompareAndSwap(false, true) {
		level = slog.LevelWarn // once: it may be a page of the operator's own, later ones are likely not
	}
	l.log.Log(context.Background(), level, "a page may not connect: its origin is neither allowed nor the server's own host",
		"origin", s.origin, "host", s.host, "address", s.ip, "count", count, "to_do", hintOrigin(s.origin))
}

// hintOrigin says how to let a page connect. It names the origin only in the form that the
// setting takes.
func hintOrigin(text string) string {
	o, wrong, hint := browserOrigin(text)
	switch {
	case wrong == "":
		return "add " + o.String() + ` to the setting "allowed-origins" if the page is yours`
	case text == "null":
		return hint + ` with the setting "allowed-origins"`
	}
	return `add the page's origin to the setting "allowed-origins" if the page is yours`
}

// slow logs that a client was closed because it read too slowly.
func (l *clientLog) slow(ip netip.Addr) {
	s := clientSubject{ip: ip}
	if count := l.slowOnes.Add(time.Now(), s); count > 0 {
		l.logSlow(s, count)
	}
}

func (l *clientLog) logSlow(s clientSubject, count int) {
	l.log.Info("a client was closed because it read too slowly: its queue was full",
		"queue_bytes", l.queueBytes, "address", s.ip, "count", count)
}

// limitHit logs that a client hit a limit.
func (l *clientLog) limitHit(kind limit.Kind, ip netip.Addr) {
	s := clientSubject{ip: ip}
	if count := l.limits[kind].Add(time.Now(), s); count > 0 {
		l.logLimit(kind, s, count)
	}
}

func (l *clientLog) logLimit(kind limit.Kind, s clientSubject, count int) {
	args := []any{"limit", kind.String(), "address", s.ip, "count", count}
	if kind.ByAddress() && l.proxies.MayBeForgotten(s.ip) {
		args = append(args, "to_do", `if this is the address of a proxy, whose clients all share the limit, add its address to the setting "trusted-proxies"`)
	}
	l.log.Info("a client hit a limit", args...)
}

// rejection is a kind of mistake that a client is rejected for. The log has it because an
// operator, or the client's author, has to mend something.
type rejection uint8

const (
	rejectedMessage rejection = iota // the first message
	rejectedKey
	rejectedCollection
	rejectedFilter
)

var rejections = [...]string{
	rejectedMessage:    "a client was refused: its first message can't be used",
	rejectedKey:        "a client was refused: its API key is missing or wrong",
	rejectedCollection: "a client was refused: there is no such collection for it",
	rejectedFilter:     "a client was refused: its filter can't be used",
}

// rejectionOf returns the kind of an error; ok is false for one that is no such mistake.
func rejectionOf(clientErr *protocol.Error) (r rejection, ok bool) {
	switch clientErr.Message {
	case protocol.ErrKeyRequired.Message, protocol.ErrKeyInvalid.Message:
		return rejectedKey, true
	case protocol.ErrCollectionNotFound.Message:
		return rejectedCollection, true
	case protocol.ErrInvalidFilter("").Message:
		return rejectedFilter, true
	}
	return rejectedMessage, clientErr.Code == protocol.CloseBadRequest
}

// rejected logs that a client was rejected at a path. why finds the reason for which there
// is no such collection; it is called only for a line that is logged.
func (l *clientLog) rejected(ctx context.Context, clientErr *protocol.Error, path string, ip netip.Addr, why func(context.Context) string) {
	r, ok := rejectionOf(clientErr)
	if !ok {
		return
	}
	s := clientSubject{ip: ip, path: shorten(path, maxLogged), clientErr: clientErr.Message, reason: shorten(clientErr.ForLog, maxReason), why: why}
	if count := l.rejections[r].Add(time.Now(), s); count > 0 {
		l.logRejection(ctx, r, s, count)
	}
}

func (l *clientLog) logRejection(ctx context.Context, r rejection, s clientSubject, count int) {
	args := []any{"path", s.path, "error", s.clientErr}
	if r == rejectedCollection && s.why != nil {
		s.reason = s.why(ctx)
	}
	if s.reason != "" {
		args = append(args, "reason", s.reason)
	}
	l.log.Info(rejections[r], append(args, "address", s.ip, "count", count)...)
}

// How many bytes of a text that a client chose, and of a reason, the log has.
const (
	maxLogged = 128
	maxReason = 256
)

// shorten cuts a text off behind limit bytes, between two characters.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
