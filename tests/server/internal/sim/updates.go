package sim

import (
	"context"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	settleTime    = 10 * time.Millisecond // what changes together is reported together
	maxUpdates    = 100                   // objects in one report; a vCenter's own limit
	heldForClient = 30 * time.Minute      // without maxWaitSeconds
)

// PropertyCollector reports what differs from its last report. The simulator's own reads
// all that its filters select once for each object of the inventory that changes, and
// never tells that an object has left. The registry makes one of these for each session
// from the one that Install puts there, and calls it what the Go type is called.
type PropertyCollector struct {
	simulator.PropertyCollector

	changed listener
	cancel  atomic.Pointer[context.CancelFunc]
	version int
	known   map[types.ManagedObjectReference]selection // of each filter
	pending []types.PropertyFilterUpdate               // found, but too much for one report
}

// selection is what a filter selects: the properties of each object.
type selection map[types.ManagedObjectReference]types.ObjectContent

// listener hears of all changes in the inventory.
type listener struct {
	ref  types.ManagedObjectReference
	news chan struct{}
}

var listeners atomic.Int64

func (l *listener) tell() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// Reference implements simulator.RegisterObject.
func (l *listener) Reference() types.ManagedObjectReference { return l.ref }

// PutObject implements simulator.RegisterObject.
func (l *listener) PutObject(*simulator.Context, mo.Reference) { l.tell() }

// UpdateObject implements simulator.RegisterObject.
func (l *listener) UpdateObject(*simulator.Context, mo.Reference, []types.PropertyChange) { l.tell() }

// RemoveObject implements simulator.RegisterObject.
func (l *listener) RemoveObject(*simulator.Context, types.ManagedObjectReference) { l.tell() }

// CreatePropertyCollector implements the method of that name.
func (pc *PropertyCollector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	created := ctx.Session.Put(&PropertyCollector{})
	return &methods.CreatePropertyCollectorBody{
		Res: &types.CreatePropertyCollectorResponse{Returnval: created.Reference()},
	}
}

// DestroyPropertyCollector implements the method of that name.
func (pc *PropertyCollector) DestroyPropertyCollector(ctx *simulator.Context, req *types.DestroyPropertyCollector) soap.HasFault {
	pc.stop()
	if pc.changed.news != nil {
		ctx.Map.RemoveHandler(&pc.changed)
	}
	return pc.PropertyCollector.DestroyPropertyCollector(ctx, req)
}

// CancelWaitForUpdates implements the method of that name.
func (pc *PropertyCollector) CancelWaitForUpdates(*types.CancelWaitForUpdates) soap.HasFault {
	pc.stop()
	return &methods.CancelWaitForUpdatesBody{Res: new(types.CancelWaitForUpdatesResponse)}
}

func (pc *PropertyCollector) stop() {
	if cancel := pc.cancel.Load(); cancel != nil {
		(*cancel)()
	}
}

// WaitForUpdates implements the method of that name.
func (pc *PropertyCollector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	res := pc.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: req.This, Version: req.Version})
	if fault := res.Fault(); fault != nil {
		return &methods.WaitForUpdatesBody{Fault_: fault}
	}
	set := res.(*methods.WaitForUpdatesExBody).Res.Returnval
	return &methods.WaitForUpdatesBody{Res: &types.WaitForUpdatesResponse{Returnval: *set}}
}

// WaitForUpdatesEx implements the method of that name.
func (pc *PropertyCollector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	wait, limit := heldForClient, maxUpdates
	if o := req.Options; o != nil {
		if o.MaxWaitSeconds != nil {
			wait = time.Duration(*o.MaxWaitSeconds) * time.Second
		}
		if o.MaxObjectUpdates > 0 {
			limit = min(limit, int(o.MaxObjectUpdates))
		}
	}
	pc.begin(ctx, req.Version)
	waiting, cancel := context.WithTimeout(context.Background(), wait)
	pc.cancel.Store(&cancel)
	defer cancel()
	for {
		if err := pc.look(ctx); err != nil {
			return &methods.WaitForUpdatesExBody{Fault_: err}
		}
		if len(pc.pending) > 0 || req.Version == "" {
			return updates(pc.report(limit))
		}
		select {
		case <-pc.changed.news:
			time.Sleep(settleTime)
		case <-waiting.Done():
			if waiting.Err() == context.Canceled {
				return &methods.WaitForUpdatesExBody{Fault_: simulator.Fault("", new(types.RequestCanceled))}
			}
			return updates(nil)
		}
	}
}

func updates(set *types.UpdateSet) soap.HasFault {
	return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: set}}
}

// begin starts to listen, and forgets what was reported if the client does not go on from
// the last report: then all is reported again.
func (pc *PropertyCollector) begin(ctx *simulator.Context, version string) {
	if pc.changed.news == nil {
		number := strconv.FormatInt(listeners.Add(1), 10)
		pc.changed.ref = types.ManagedObjectReference{Type: selfRef.Type, Value: "listener-" + number}
		pc.changed.news = make(chan struct{}, 1)
		ctx.Map.AddHandler(&pc.changed)
	}
	if version == "" || version != strconv.Itoa(pc.version) {
		pc.known, pc.pending = make(map[types.ManagedObjectReference]selection), nil
	}
}

// look reads what the filters select, and adds what is new to what is to be reported.
func (pc *PropertyCollector) look(ctx *simulator.Context) *soap.Fault {
	if len(pc.pending) > 0 {
		return nil
	}
	for _, ref := range pc.Filter {
		filter, ok := ctx.Session.Get(ref).(*simulator.PropertyFilter)
		if !ok {
			continue
		}
		body := pc.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{SpecSet: []types.PropertyFilterSpec{filter.Spec}})
		if err := body.Fault(); err != nil {
			return err
		}
		found := body.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects
		set, present := pc.known[ref].difference(found)
		if len(set) > 0 {
			pc.pending = append(pc.pending, types.PropertyFilterUpdate{Filter: ref, ObjectSet: set})
		}
		pc.known[ref] = present
	}
	return nil
}

// difference tells what leads from one selection to what is found now, and returns that.
func (before selection) difference(found []types.ObjectContent) (set []types.ObjectUpdate, now selection) {
	now = make(selection, len(found))
	for _, content := range found {
		now[content.Obj] = content
		old, was := before[content.Obj]
		update := types.ObjectUpdate{Obj: content.Obj, Kind: types.ObjectUpdateKindEnter, MissingSet: content.MissingSet}
		update.ChangeSet = changes(old.PropSet, content.PropSet)
		if was {
			update.Kind, update.MissingSet = types.ObjectUpdateKindModify, nil
		}
		if !was || len(update.ChangeSet) > 0 {
			set = append(set, update)
		}
	}
	for ref := range before {
		if _, is := now[ref]; !is {
			set = append(set, types.ObjectUpdate{Obj: ref, Kind: types.ObjectUpdateKindLeave})
		}
	}
	return set, now
}

func changes(before, now []types.DynamicProperty) []types.PropertyChange {
	old := make(map[string]types.AnyType, len(before))
	for _, property := range before {
		old[property.Name] = property.Val
	}
	var set []types.PropertyChange
	for _, property := range now {
		val, was := old[property.Name]
		delete(old, property.Name)
		if !was || !reflect.DeepEqual(val, property.Val) {
			set = append(set, types.PropertyChange{Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val})
		}
	}
	for name := range old { // is unset now
		set = append(set, types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign})
	}
	return set
}

// report takes as much as one report may have from what is to be reported.
func (pc *PropertyCollector) report(limit int) *types.UpdateSet {
	pc.version++
	set := &types.UpdateSet{Version: strconv.Itoa(pc.version)}
	for limit > 0 && len(pc.pending) > 0 {
		first := pc.pending[0]
		n := min(limit, len(first.ObjectSet))
		set.FilterSet = append(set.FilterSet, types.PropertyFilterUpdate{Filter: first.Filter, ObjectSet: first.ObjectSet[:n]})
		limit -= n
		if pc.pending[0].ObjectSet = first.ObjectSet[n:]; n == len(first.ObjectSet) {
			pc.pending = pc.pending[1:]
		}
	}
	if len(pc.pending) > 0 {
		set.Truncated = types.NewBool(true)
	}
	return set
}
