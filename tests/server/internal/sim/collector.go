package sim

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collector waits for updates as the reference says. It looks at most once for all changes
// since it looked last, where the simulator does so for each change.
//
// The simulator holds no lock for a property collector, so other calls go on while one waits.
type collector struct {
	*simulator.PropertyCollector
	sim *Simulator

	mu         sync.Mutex // of the five below, and of Filter
	filters    []*propertyFilter
	stop       chan struct{} // closed to end the calls that wait
	closed     bool
	retrievals map[string]retrieval // what is to come, by token

	looking sync.Mutex // held by who looks; of all below
	count   uint64     // versions so far
	version string     // of the last answer
	base    string     // the version to which the last answer is the answer
	last    *types.UpdateSet
	rest    []types.PropertyFilterUpdate // what did not fit into the last answer
	seen    uint64                       // the changes that there were when it looked last
	due     time.Time                    // it does not look again before
	looks   int                          // evaluations of all filters so far
}

// adoptCollector puts our collector into the place of the simulator's in a session.
func (s *Simulator) adoptCollector(ctx *simulator.Context, id ref) {
	s.adopting.Lock()
	defer s.adopting.Unlock()
	if pc, ok := ctx.Session.Get(id).(*simulator.PropertyCollector); ok {
		ctx.Session.Registry.Put(&collector{PropertyCollector: pc, sim: s, stop: make(chan struct{})})
	}
}

// CreateFilter implements the method of that name.
func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	body := &methods.CreateFilterBody{}
	for _, o := range req.Spec.ObjectSet {
		if ctx.Session.Get(o.Obj) == nil && (req.Spec.ReportMissingObjectsInResults == nil || !*req.Spec.ReportMissingObjectsInResults) {
			body.Fault_ = faultOf(&types.ManagedObjectNotFound{Obj: o.Obj})
			return body
		}
	}
	f := &propertyFilter{collector: c}
	f.Self.Type = "PropertyFilter"
	f.Spec, f.PartialUpdates = req.Spec, req.PartialUpdates
	f.restart()
	id := ctx.Session.Put(f).Reference()
	ctx.Map.AddHandler(f)
	c.mu.Lock()
	c.filters = append(c.filters, f)
	c.Filter = append(c.Filter, id)
	c.mu.Unlock()
	c.sim.news.add() // for who waits already
	body.Res = &types.CreateFilterResponse{Returnval: id}
	return body
}

// drop forgets a filter.
func (c *collector) drop(f *propertyFilter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filters = slices.DeleteFunc(c.filters, func(other *propertyFilter) bool { return other == f })
	c.Filter = slices.DeleteFunc(slices.Clone(c.Filter), func(id ref) bool { return id == f.Self })
}

// current returns the filters there are.
func (c *collector) current() []*propertyFilter {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.filters)
}

// CancelWaitForUpdates implements the method of that name.
func (c *collector) CancelWaitForUpdates(*types.CancelWaitForUpdates) soap.HasFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		close(c.stop)
		c.stop = make(chan struct{})
	}
	return &methods.CancelWaitForUpdatesBody{Res: &types.CancelWaitForUpdatesResponse{}}
}

// DestroyPropertyCollector implements the method of that name.
func (c *collector) DestroyPropertyCollector(ctx *simulator.Context, req *types.DestroyPropertyCollector) soap.HasFault {
	c.mu.Lock()
	filters := c.filters
	c.filters, c.Filter = nil, nil
	if !c.closed {
		c.closed = true
		close(c.stop)
	}
	c.mu.Unlock()
	for _, f := range filters {
		ctx.Map.RemoveHandler(f)
		ctx.Session.Remove(ctx, f.Self)
	}
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyPropertyCollectorBody{Res: &types.DestroyPropertyCollectorResponse{}}
}

// answer returns the answer to a version, nil if there is none yet. It looks at the filters
// only if allowed to, and only if something has changed since the last time.
func (c *collector) answer(ctx *simulator.Context, version string, limit int, mayLook bool) (*types.UpdateSet, *soap.Fault) {
	c.looking.Lock()
	defer c.looking.Unlock()
	switch {
	case version == "":
		c.restart()
	case version == c.version:
	case c.last != nil && version == c.base:
		return c.last, nil // the client has lost it
	default:
		return nil, faultOf(&types.InvalidCollectorVersion{})
	}
	c.rest = c.alive(c.rest)
	if len(c.rest) == 0 {
		if !mayLook || version != "" && c.seen == c.sim.news.now() {
			return nil, nil
		}
		if fault := c.look(ctx); fault != nil {
			return nil, fault
		}
		if len(c.rest) == 0 && version != "" {
			return nil, nil
		}
	}
	c.count++
	c.base, c.version = version, strconv.FormatUint(c.count, 10)
	c.last = &types.UpdateSet{Version: c.version}
	c.last.FilterSet, c.rest = page(c.rest, limit)
	if len(c.rest) > 0 {
		c.last.Truncated = types.NewBool(true)
	}
	return c.last, nil
}

// restart begins anew: all that filters select is reported as entering.
func (c *collector) restart() {
	c.rest = nil
	for _, f := range c.current() {
		f.restart()
	}
}

// alive leaves out the updates of filters that there are no more.
func (c *collector) alive(updates []types.PropertyFilterUpdate) []types.PropertyFilterUpdate {
	if len(updates) == 0 {
		return nil
	}
	alive := map[ref]bool{}
	for _, f := range c.current() {
		alive[f.Self] = true
	}
	return slices.DeleteFunc(slices.Clone(updates), func(u types.PropertyFilterUpdate) bool { return !alive[u.Filter] })
}

// look evaluates each filter once. The next look waits some times as long as this one took, so
// that looking never is most of what the server does.
func (c *collector) look(ctx *simulator.Context) *soap.Fault {
	const earliest, latest, share = 10 * time.Millisecond, 200 * time.Millisecond, 4
	begin := time.Now()
	c.looks++
	seen := c.sim.news.now()
	for _, f := range c.current() {
		updates, fault := f.look(ctx)
		if fault != nil {
			return fault
		}
		if len(updates) > 0 {
			c.rest = append(c.rest, types.PropertyFilterUpdate{Filter: f.Self, ObjectSet: updates})
		}
	}
	c.seen = seen
	c.due = time.Now().Add(min(max(earliest, share*time.Since(begin)), latest))
	return nil
}

// page splits updates after so many objects.
func page(updates []types.PropertyFilterUpdate, limit int) (first, rest []types.PropertyFilterUpdate) {
	for i, u := range updates {
		if len(u.ObjectSet) > limit {
			if limit > 0 {
				first = append(first, types.PropertyFilterUpdate{Filter: u.Filter, ObjectSet: u.ObjectSet[:limit]})
			}
			rest = append(rest, types.PropertyFilterUpdate{Filter: u.Filter, ObjectSet: u.ObjectSet[limit:]})
			return first, append(rest, updates[i+1:]...)
		}
		first = append(first, u)
		limit -= len(u.ObjectSet)
	}
	return first, nil
}

func faultOf(fault types.BaseMethodFault) *soap.Fault {
	return simulator.Fault(Message(fault), fault)
}
