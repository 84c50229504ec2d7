package main

import (
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/protocol/wal"
)

// publisher hands on what the stream delivers: the changes to the hub, and then
// the messages that the same transactions carried to the broadcast and the rooms.
type publisher struct {
	hub       *fanout.Hub
	announcer *fanout.ServerPublisher
	log       *slog.Logger

	complaints     rate.Sometimes // a trigger that errs does so for every row
	sent, rejected atomic.Uint64
}

func newPublisher(hub *fanout.Hub, limits limitFlags, logger *slog.Logger) *publisher {
	rooms := fanout.NewRooms(fanout.RoomsConfig{
		EmptyTTL: limits.RoomLinger, MaxRooms: limits.MaxRooms, MaxParticipants: limits.MaxRoomParticipants,
	})
	return &publisher{
		hub: hub, log: logger, complaints: rate.Sometimes{First: 10, Interval: time.Second},
		announcer: &fanout.ServerPublisher{Project: httpapi.ProjectID, Broadcast: new(fanout.Broadcast), Rooms: rooms},
	}
}

// publish fails only where the hub has ended: a message that can't be sent is told
// to the operator, without what is in it, and stops nothing.
func (p *publisher) publish(b *wal.Batch) error {
	if err := p.hub.Publish(b); err != nil {
		return err
	}
	for i := range b.Messages {
		m := &b.Messages[i]
		err := p.announcer.Publish(m)
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
