package sim

import (
	"math"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// maxObjectUpdates is how many objects one answer tells of at most; the simulator's and a vCenter's.
const maxObjectUpdates = 100

// waiting is one call that waits.
type waiting struct {
	*collector
	ctx      *simulator.Context
	version  string
	limit    int              // objects in an answer
	once     bool             // it does not wait
	deadline <-chan time.Time // nil: there is none
	stop     <-chan struct{}
}

// WaitForUpdatesEx implements the method of that name.
func (c *collector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	w := c.wait(ctx, req.Version)
	w.limit = maxObjectUpdates
	if o := req.Options; o != nil {
		if o.MaxObjectUpdates > 0 {
			w.limit = min(w.limit, int(o.MaxObjectUpdates))
		}
		if o.MaxWaitSeconds != nil {
			timer := time.NewTimer(time.Duration(*o.MaxWaitSeconds) * time.Second)
			defer timer.Stop()
			w.deadline = timer.C
			w.once = *o.MaxWaitSeconds <= 0
		}
	}
	set, fault := w.run()
	if fault != nil {
		return &methods.WaitForUpdatesExBody{Fault_: fault}
	}
	return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: set}}
}

// WaitForUpdates implements the method of that name: it neither truncates nor ends by time.
func (c *collector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	w := c.wait(ctx, req.Version)
	w.limit = math.MaxInt
	set, fault := w.run()
	if fault != nil {
		return &methods.WaitForUpdatesBody{Fault_: fault}
	}
	return &methods.WaitForUpdatesBody{Res: &types.WaitForUpdatesResponse{Returnval: *set}}
}

func (c *collector) wait(ctx *simulator.Context, version string) *waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &waiting{collector: c, ctx: ctx, version: version, stop: c.stop}
}

// run waits for an answer. It is nil when the time is over.
func (w *waiting) run() (*types.UpdateSet, *soap.Fault) {
	listed := hasSession(w.ctx) // calls from within the server are of a session that is not
	mayLook := w.once || w.version == ""
	for {
		set, fault := w.answer(w.ctx, w.version, w.limit, mayLook)
		if set != nil || fault != nil || w.once {
			return set, fault
		}
		mayLook = true
		over, cancelled := w.pause(func() bool { return listed && !hasSession(w.ctx) })
		if cancelled {
			return nil, faultOf(&types.RequestCanceled{})
		}
		if over {
			return nil, nil
		}
	}
}

// pause returns when something has changed and it is time to look, or the call is to end.
// The end of a session says nothing to those who wait, so ended is asked now and then.
func (w *waiting) pause(ended func() bool) (over, cancelled bool) {
	w.looking.Lock()
	changed, due := w.sim.news.after(w.seen), w.due
	w.looking.Unlock()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var look <-chan time.Time
	for {
		select {
		case <-w.stop:
			return false, true
		case <-w.deadline:
			return true, false
		case <-changed:
			changed = nil
			look = time.After(time.Until(due))
		case <-look:
			return false, ended()
		case <-second.C:
			if ended() {
				return false, true
			}
		}
	}
}

// hasSession says whether the session of a call is one that the session manager knows.
func hasSession(ctx *simulator.Context) bool {
	manager, ok := ctx.Session.Get(*serviceContent(ctx.Map).SessionManager).(*simulator.SessionManager)
	if ok {
		for i := range manager.SessionList {
			if manager.SessionList[i].Key == ctx.Session.Key {
				return true
			}
		}
	}
	return false
}
