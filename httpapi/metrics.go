package httpapi

import (
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// closeCodes are the codes that are counted each. A client may close with any code: so all
// others are counted together, because each would be a metric of its own.
var closeCodes = [...]protocol.CloseCode{
	protocol.CloseNormal, closeGoingAway, protocol.CloseProtocolError, protocol.CloseNoStatus,
	protocol.CloseAbnormal, protocol.CloseInvalidText, protocol.CloseTooBig, protocol.CloseInternal,
	protocol.CloseRestart, protocol.CloseSlowConsumer, protocol.CloseBadRequest, protocol.CloseUnauthorized,
	protocol.CloseForbidden, protocol.CloseNotFound, protocol.CloseTimeout, protocol.CloseRateLimit,
}

// closeGoingAway is the code that a browser sends when the user leaves the page.
const closeGoingAway protocol.CloseCode = 1001

// counters count how connections end.
type counters struct {
	byCode     [len(closeCodes)]atomic.Uint64
	otherCodes atomic.Uint64
}

func (c *counters) disconnected(code protocol.CloseCode) { c.of(code).Add(1) }

func (c *counters) of(code protocol.CloseCode) *atomic.Uint64 {
	for i := range closeCodes {
		if closeCodes[i] == code {
			return &c.byCode[i]
		}
	}
	return &c.otherCodes
}

// collector makes metrics of the figures of the server, the hub and the stream, at the
// moment when they are gathered.
type collector struct {
	server *Server
}

// metricsSink is where the server's metrics are registered, and what gathers them.
type metricsSink struct {
	prometheus.Registerer
	prometheus.Gatherer
}

// newMetrics registers the server's metrics with to, or with a registry of their own if to
// is nil.
func newMetrics(s *Server, to prometheus.Registerer) (metricsSink, error) {
	own := prometheus.NewRegistry()
	m := metricsSink{own, own}
	if to == nil {
		own.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	} else if gatherer, ok := to.(prometheus.Gatherer); ok {
		m = metricsSink{to, gatherer}
	} else if err := to.Register(collector{s}); err != nil { // it is registered with own as well, which Admin shows
		return m, errRegister(err)
	}
	if err := m.Register(collector{s}); err != nil {
		return m, errRegister(err)
	}
	return m, nil
}

// errRegister explains why a registerer does not take the server's metrics.
func errRegister(err error) error {
	return &protocol.Problem{
		ID:   "metrics-registered",
		What: "the registerer of the metrics has metrics of the same name, as of another server",
		Hint: "give each server in a process its own registerer: prometheus.WrapRegistererWith around the same registry, " +
			"with the same label for all and another value for each; a server that was made and never run keeps its metrics until Run ends",
		Err: err,
	}
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tablewire_"+name, help, labels, nil)
}

var (
	descConnections = desc("connections", "Sockets that are open.")
	descAccepted    = desc("connections_total", "Sockets that have been opened.")
	descDisconnects = desc("disconnects_total", "Sockets that have ended, by close code.", "code")
	descSlow        = desc("slow_consumers_total", "Sockets that were closed because they read too slowly.")
	descWrites      = desc("writes_total", "System calls that wrote to sockets.")
	descBytes       = desc("frames_written_bytes_total", "Bytes of frames that were written to sockets.")

	descLimited = desc("limited_total", "Times that a client hit a limit.", "limit")
	descRooms   = desc("rooms", "Rooms that exist, including empty ones that can still be joined.")
	descSaid    = desc("messages_total", "Messages sent on the broadcast and in rooms.", "kind")
	descHeard   = desc("message_deliveries_total", "Frames of broadcasts and rooms queued for sockets.", "kind")

	descSubscribers = desc("subscribers", "Subscriptions in force.")
	descDeliveries  = desc("deliveries_total", "Frames queued for subscribers.")
	descFilters     = desc("filters", "Distinct filters in force.")
	descScanned     = desc("filters_scanned", "Filters without a selective clause, which are evaluated for every change of their collection.")
	descEvaluations = desc("filter_evaluations_total", "Evaluations of a filter against a row.")
	descEncodes     = desc("encodes_total", "Changes encoded into a frame.")

	descChanges      = desc("changes_total", "Changes received from the database.", "kind")
	descTransactions = desc("transactions_total", "Transactions received from the database.")
	descOmitted      = desc("omitted_values_total", "Values that were left out of events because they were too long.")
	descSQL          = desc("sql_messages_total", "Messages that transactions sent with pg_logical_emit_message, by result.", "result")
	descReconnects   = desc("reconnects_total", "Times that the replication stream reconnected.")
	descLag          = desc("replication_lag_bytes", "Bytes of the server's write-ahead log that are not confirmed yet.")
	descRetained     = desc("slot_retained_bytes", "Bytes of write-ahead log that the server keeps for the slot.")
	descLive         = desc("replication_live", "1 while the replication stream is live, else 0.")
)

// Describe implements [prometheus.Collector].
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descConnections, descAccepted, descDisconnects, descSlow, descWrites, descBytes,
		descSubscribers, descDeliveries, descFilters, descScanned, descEvaluations, descEncodes,
		descChanges, descTransactions, descReconnects, descLag, descRetained, descLive,
		descLimited, descRooms, descSaid, descHeard, descSQL, descOmitted,
	} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.sockets(ch)
	c.hub(ch)
	c.chat(ch)
	for _, kind := range limit.Kinds() {
		count(ch, descLimited, c.server.limits.Hits(kind), kind.String())
	}
	if c.server.cfg.Stream != nil {
		replication(ch, c.server.cfg.Stream())
	}
}

func (c collector) sockets(ch chan<- prometheus.Metric) {
	s := c.server
	st := s.transport.Stats()
	gauge(ch, descConnections, float64(st.Open))
	count(ch, descAccepted, st.Opened)
	for i, code := range closeCodes {
		count(ch, descDisconnects, s.counters.byCode[i].Load(), strconv.Itoa(int(code)))
	}
	count(ch, descDisconnects, s.counters.otherCodes.Load(), "other")
	count(ch, descSlow, s.counters.of(protocol.CloseSlowConsumer).Load())
	count(ch, descWrites, st.Writes)
	count(ch, descBytes, st.Bytes)
}

func (c collector) hub(ch chan<- prometheus.Metric) {
	st := c.server.cfg.Hub.Stats()
	gauge(ch, descSubscribers, float64(st.Subscribers))
	count(ch, descDeliveries, st.Deliveries)
	gauge(ch, descFilters, float64(st.Filters))
	gauge(ch, descScanned, float64(st.Scanned))
	count(ch, descEvaluations, st.Evaluations)
	count(ch, descEncodes, st.Encodes)
}

func (c collector) chat(ch chan<- prometheus.Metric) {
	rooms := c.server.cfg.Rooms.Stats()
	gauge(ch, descRooms, float64(rooms.Rooms))
	for _, k := range []struct {
		name string
		fanout.ChatStats
	}{{"broadcast", c.server.cfg.Broadcast.Stats()}, {"room", rooms}} {
		count(ch, descSaid, k.Messages, k.name)
		count(ch, descHeard, k.Deliveries, k.name)
	}
}

func replication(ch chan<- prometheus.Metric, st StreamStats) {
	for _, op := range wal.Ops {
		count(ch, descChanges, st.Changes[op], op.String())
	}
	count(ch, descTransactions, st.Transactions)
	count(ch, descOmitted, st.Omitted)
	count(ch, descReconnects, st.Reconnects)
	count(ch, descSQL, st.Sent, "sent")
	count(ch, descSQL, st.Rejected, "rejected")
	live, lag := 0.0, 0.0
	if st.Live {
		live = 1
	}
	if st.ServerLSN > st.ConfirmedLSN {
		lag = float64(st.ServerLSN - st.ConfirmedLSN)
	}
	gauge(ch, descLive, live)
	gauge(ch, descLag, lag)
	gauge(ch, descRetained, float64(st.Retained))
}

func count(ch chan<- prometheus.Metric, d *prometheus.Desc, n uint64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}
