package tablewire

import (
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/protocol/wal"
)

// publisher passes on what the stream delivers: the changes to the hub, then the messages
// of the same transactions to the broadcast and to rooms.
type publisher struct {
	hub      *fanout.Hub
	messages *fanout.ServerPublisher
	log      *slog.Logger

	complaints     rate.Sometimes // a faulty trigger sends a bad message for every row
	sent, rejected atomic.Uint64
}

func newPublisher(hub *fanout.Hub, limits Limits, logger *slog.Logger) *publisher {
	rooms := fanout.NewRooms(fanout.RoomsConfig{
		EmptyTTL: limits.EmptyRoomTTL, MaxRooms: limits.Rooms, MaxParticipants: limits.RoomParticipants,
	})
	return &publisher{
		hub: hub, log: logger, complaints: rate.Sometimes{First: 10, Interval: time.Second},
		messages: &fanout.ServerPublisher{Project: httpapi.ProjectID, Broadcast: new(fanout.Broadcast), Rooms: rooms},
	}
}

// publish fails only after the hub has ended. A message that can't be sent stops nothing:
// the log says so, without the message's content.
func (p *publisher) publish(b *wal.Batch) error {
	if err := p.hub.Publish(b); err != nil {
		return err
	}
	for i := range b.Messages {
		m := &b.Messages[i]
		err := p.messages.Publish(m)
		if err == nil {
			p.sent.Add(1)
			continue
		}
		p.rejected.Add(1)
		p.complaints.Do(func() {
			p.log.Warn("a message from SQL was not sent", "prefix", m.Prefix, "error", err)
		})
	}
	return nil
}
