package cdc

import (
	"slices"

	"github.com/tablewire/tablewire/protocol/wal"
)

// reportUnseen reports what happened to rows without events, up to the position that the
// stream has reached. It runs for every chunk.
func (d *decoder) reportUnseen() {
	list := d.catalog.TakeUnseen(wal.LSN(d.progress.confirmed.Load()))
	if len(list) == 0 {
		return
	}
	reported := map[wal.TableName]bool{}
	for _, e := range list {
		oid := d.catalog.OID(e.Table)
		if reported[e.Table] || e.Truncated != 0 && slices.Contains(d.progress.truncations[oid], e.Truncated) {
			continue
		}
		reported[e.Table] = true
		d.log.Info("rows of a table came, went or changed without events: clients that follow transitions are told to come back", "table", e.Table, "reason", e.Why)
		d.unseen(e.Table, e.Why)
	}
}
