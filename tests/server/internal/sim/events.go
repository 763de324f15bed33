package sim

import (
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	maxEventCollectors = 32   // of a session
	maxEvents          = 1000 // in a page, and in one answer
	defaultEvents      = 10   // in a page
)

// eventLog is the history of events. The simulator forgets all but the last thousand, and its
// collectors lose their place when that happens.
type eventLog struct {
	mu         sync.Mutex
	source     ref // the simulator's collector that we read
	events     []types.BaseEvent
	collectors []*eventCollector
}

// open begins to listen to the simulator's events, those that there were included.
func (l *eventLog) open(ctx *simulator.Context) {
	manager := ctx.Map.EventManager()
	if manager == nil {
		return
	}
	res := manager.CreateCollectorForEvents(ctx, &types.CreateCollectorForEvents{})
	if res.Fault() != nil {
		return
	}
	l.source = res.(*methods.CreateCollectorForEventsBody).Res.Returnval
	source := ctx.Session.Get(l.source).(*simulator.EventHistoryCollector)
	read := source.ReadNextEvents(ctx, &types.ReadNextEvents{MaxCount: maxEvents})
	l.events = read.(*methods.ReadNextEventsBody).Res.Returnval
}

// update takes what is new on the source's page. The simulator updates it after each event.
func (l *eventLog) update(ctx *simulator.Context, changes []types.PropertyChange) {
	for _, change := range changes {
		page, ok := change.Val.(*types.ArrayOfEvent)
		if ok && len(page.Event) > 0 {
			l.add(ctx, page.Event[0])
		}
	}
}

func (l *eventLog) add(ctx *simulator.Context, event types.BaseEvent) {
	event = clone(reflect.ValueOf(event)).Interface().(types.BaseEvent)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
	for _, c := range l.collectors {
		c.offer(ctx, event)
	}
}

// enrol gives a collector the events that there are, and those that come. False: its session has too many.
func (l *eventLog) enrol(ctx *simulator.Context, c *eventCollector) bool {
	live := liveSessions(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.collectors = slices.DeleteFunc(l.collectors, func(other *eventCollector) bool { return !live[other.session] })
	count := 0
	for _, other := range l.collectors {
		if other.session == c.session {
			count++
		}
	}
	if count >= maxEventCollectors {
		return false
	}
	for _, event := range l.events {
		c.offer(ctx, event)
	}
	l.collectors = append(l.collectors, c)
	return true
}

func (l *eventLog) drop(c *eventCollector) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.collectors = slices.DeleteFunc(l.collectors, func(other *eventCollector) bool { return other == c })
}

func liveSessions(ctx *simulator.Context) map[string]bool {
	live := map[string]bool{}
	if m, ok := ctx.Session.Get(*serviceContent(ctx.Map).SessionManager).(*simulator.SessionManager); ok {
		for i := range m.SessionList {
			live[m.SessionList[i].Key] = true
		}
	}
	return live
}

// eventManager makes collectors of ours.
type eventManager struct {
	*simulator.EventManager
	log     *eventLog
	session simulator.Session // where the collectors belong
}

// CreateCollectorForEvents implements the method of that name.
func (m *eventManager) CreateCollectorForEvents(ctx *simulator.Context, req *types.CreateCollectorForEvents) soap.HasFault {
	body := &methods.CreateCollectorForEventsBody{}
	c := &eventCollector{log: m.log, session: m.session.Key, filter: req.Filter, size: defaultEvents}
	if req.Filter.MaxCount != 0 {
		c.size = int(req.Filter.MaxCount)
	}
	if c.size < 0 || c.size > maxEvents {
		body.Fault_ = faultOf(&types.InvalidArgument{InvalidProperty: "filter.maxCount"})
		return body
	}
	if !m.log.enrol(ctx, c) {
		body.Fault_ = faultOf(&types.InvalidState{})
		return body
	}
	c.Self.Type = "EventHistoryCollector"
	c.Filter = req.Filter
	body.Res = &types.CreateCollectorForEventsResponse{Returnval: m.session.Put(c).Reference()}
	return body
}

// eventCollector is a history collector that keeps its place, whatever comes meanwhile.
type eventCollector struct {
	mo.EventHistoryCollector

	log     *eventLog
	session string
	filter  types.EventFilterSpec

	mu     sync.Mutex
	events []types.BaseEvent // that the filter selects
	next   int               // the scrollable view is before this one
	size   int               // of the latest page
}

func (c *eventCollector) offer(ctx *simulator.Context, event types.BaseEvent) {
	if !selects(ctx, &c.filter, event) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event)
}

// Get returns what property collectors see.
func (c *eventCollector) Get() mo.Reference {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.EventHistoryCollector
	seen.LatestPage = slices.Clone(c.events[max(len(c.events)-c.size, 0):])
	slices.Reverse(seen.LatestPage)
	return &seen
}

// ReadNextEvents implements the method of that name.
func (c *eventCollector) ReadNextEvents(req *types.ReadNextEvents) soap.HasFault {
	body := &methods.ReadNextEventsBody{}
	if req.MaxCount <= 0 || req.MaxCount > maxEvents {
		body.Fault_ = faultOf(&types.InvalidArgument{InvalidProperty: "maxCount"})
		return body
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := min(c.next+int(req.MaxCount), len(c.events))
	body.Res = &types.ReadNextEventsResponse{Returnval: slices.Clone(c.events[c.next:end])}
	c.next = end
	return body
}

// ReadPreviousEvents implements the method of that name.
func (c *eventCollector) ReadPreviousEvents(req *types.ReadPreviousEvents) soap.HasFault {
	body := &methods.ReadPreviousEventsBody{}
	if req.MaxCount <= 0 || req.MaxCount > maxEvents {
		body.Fault_ = faultOf(&types.InvalidArgument{InvalidProperty: "maxCount"})
		return body
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	begin := max(c.next-int(req.MaxCount), 0)
	page := slices.Clone(c.events[begin:c.next])
	slices.Reverse(page)
	body.Res = &types.ReadPreviousEventsResponse{Returnval: page}
	c.next = begin
	return body
}

// RewindCollector implements the method of that name.
func (c *eventCollector) RewindCollector(*types.RewindCollector) soap.HasFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = 0
	return &methods.RewindCollectorBody{Res: &types.RewindCollectorResponse{}}
}

// ResetCollector implements the method of that name.
func (c *eventCollector) ResetCollector(*types.ResetCollector) soap.HasFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = max(len(c.events)-c.size, 0)
	return &methods.ResetCollectorBody{Res: &types.ResetCollectorResponse{}}
}

// SetCollectorPageSize implements the method of that name.
func (c *eventCollector) SetCollectorPageSize(req *types.SetCollectorPageSize) soap.HasFault {
	body := &methods.SetCollectorPageSizeBody{}
	if req.MaxCount <= 0 || req.MaxCount > maxEvents {
		body.Fault_ = faultOf(&types.InvalidArgument{InvalidProperty: "maxCount"})
		return body
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size = int(req.MaxCount)
	body.Res = &types.SetCollectorPageSizeResponse{}
	return body
}

// DestroyCollector implements the method of that name.
func (c *eventCollector) DestroyCollector(ctx *simulator.Context, req *types.DestroyCollector) soap.HasFault {
	c.log.drop(c)
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyCollectorBody{Res: &types.DestroyCollectorResponse{}}
}

// selects says whether a filter selects an event.
func selects(ctx *simulator.Context, spec *types.EventFilterSpec, event types.BaseEvent) bool {
	e := event.GetEvent()
	if spec.EventChainId != 0 && spec.EventChainId != e.ChainId {
		return false
	}
	if len(spec.EventTypeId) > 0 && !slices.Contains(spec.EventTypeId, typeOf(event)) {
		return false
	}
	if t := spec.Time; t != nil {
		if t.BeginTime != nil && e.CreatedTime.Before(*t.BeginTime) || t.EndTime != nil && e.CreatedTime.After(*t.EndTime) {
			return false
		}
	}
	return spec.Entity == nil || concerns(ctx, spec.Entity, event)
}

// typeOf returns by what a filter knows the type of an event. A type it derives from does not count.
func typeOf(event types.BaseEvent) string {
	switch event := event.(type) {
	case *types.EventEx:
		return event.EventTypeId
	case *types.ExtendedEvent:
		return event.EventTypeId
	}
	return reflect.TypeOf(event).Elem().Name()
}

// concerns says whether an event is of an entity, or of what lies in it.
func concerns(ctx *simulator.Context, spec *types.EventFilterSpecByEntity, event types.BaseEvent) bool {
	for _, id := range subjects(event) {
		if id == spec.Entity {
			if spec.Recursion != types.EventFilterSpecRecursionOptionChildren {
				return true
			}
			continue
		}
		if spec.Recursion != types.EventFilterSpecRecursionOptionSelf && liesIn(ctx, id, spec.Entity) {
			return true
		}
	}
	return len(subjects(event)) == 0 && spec.Entity == serviceContent(ctx.Map).RootFolder
}

func subjects(event types.BaseEvent) []ref {
	var list []ref
	e := event.GetEvent()
	if e.Vm != nil {
		list = append(list, e.Vm.Vm)
	}
	if e.Host != nil {
		list = append(list, e.Host.Host)
	}
	if e.ComputeResource != nil {
		list = append(list, e.ComputeResource.ComputeResource)
	}
	if e.Ds != nil {
		list = append(list, e.Ds.Datastore)
	}
	if e.Net != nil {
		list = append(list, e.Net.Network)
	}
	if e.Dvs != nil {
		list = append(list, e.Dvs.Dvs)
	}
	if e.Datacenter != nil {
		list = append(list, e.Datacenter.Datacenter)
	}
	return list
}

func liesIn(ctx *simulator.Context, id, place ref) bool {
	for {
		entity, ok := ctx.Map.Get(id).(mo.Entity)
		if !ok || entity.Entity().Parent == nil {
			return false
		}
		if id = *entity.Entity().Parent; id == place {
			return true
		}
	}
}
