package httpapi

import "sync/atomic"

// outage is a condition that many clients run into. It is logged only when it begins and
// when it ends. Its methods may be called concurrently.
type outage struct {
	on atomic.Bool
}

// begin reports whether the condition has begun with this call.
func (o *outage) begin() bool { return o.on.CompareAndSwap(false, true) }

// end reports whether the condition has ended with this call.
func (o *outage) end() bool { return o.on.Load() && o.on.CompareAndSwap(true, false) }
