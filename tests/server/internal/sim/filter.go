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

// propertyFilter is a filter of a collector. It knows what it has reported.
type propertyFilter struct {
	mo.PropertyFilter

	collector *collector

	mu       sync.Mutex
	reported map[ref]types.ObjectContent
	order    []ref        // of the reported objects
	left     map[ref]bool // taken out of a list view since the last look; some may be back
}

// DestroyPropertyFilter implements the method of that name.
func (f *propertyFilter) DestroyPropertyFilter(ctx *simulator.Context, req *types.DestroyPropertyFilter) soap.HasFault {
	f.collector.drop(f)
	ctx.Map.RemoveHandler(f)
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyPropertyFilterBody{Res: &types.DestroyPropertyFilterResponse{}}
}

// PutObject implements simulator.RegisterObject.
func (f *propertyFilter) PutObject(*simulator.Context, mo.Reference) {}

// RemoveObject implements simulator.RegisterObject.
func (f *propertyFilter) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// UpdateObject implements simulator.RegisterObject: what is taken out of a list view and put
// back between two looks has left the filter, and enters it anew.
func (f *propertyFilter) UpdateObject(_ *simulator.Context, obj mo.Reference, _ []types.PropertyChange) {
	view, ok := obj.(*mo.ListView)
	if !ok || !slices.ContainsFunc(f.Spec.ObjectSet, func(o types.ObjectSpec) bool { return o.Obj == view.Self }) {
		return
	}
	held := make(map[ref]bool, len(view.View))
	for _, id := range view.View {
		held[id] = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range f.order {
		if !held[id] {
			f.left[id] = true
		}
	}
}

// restart forgets what was reported.
func (f *propertyFilter) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reported, f.order, f.left = map[ref]types.ObjectContent{}, nil, map[ref]bool{}
}

// look returns what differs from what was reported before.
func (f *propertyFilter) look(ctx *simulator.Context) ([]types.ObjectUpdate, *soap.Fault) {
	f.mu.Lock()
	left := f.left
	f.left = map[ref]bool{}
	f.mu.Unlock()
	spec := f.Spec
	spec.ReportMissingObjectsInResults = types.NewBool(true) // that of a missing object leaves
	res := f.collector.PropertyCollector.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{
		This:    f.collector.Self,
		SpecSet: []types.PropertyFilterSpec{spec},
	})
	if fault := res.Fault(); fault != nil {
		return nil, fault
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.report(res.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects, left), nil
}

// report compares objects with what was reported, and keeps them.
func (f *propertyFilter) report(objects []types.ObjectContent, left map[ref]bool) []types.ObjectUpdate {
	var updates []types.ObjectUpdate
	current := make(map[ref]types.ObjectContent, len(objects))
	for _, object := range objects {
		current[object.Obj] = object
	}
	for _, id := range f.order {
		if _, ok := current[id]; !ok {
			updates = append(updates, types.ObjectUpdate{Kind: types.ObjectUpdateKindLeave, Obj: id})
		}
	}
	f.order = f.order[:0:0]
	for _, object := range objects {
		f.order = append(f.order, object.Obj)
		before, known := f.reported[object.Obj]
		isSame := known && reflect.DeepEqual(before, object)
		if isSame && !left[object.Obj] {
			current[object.Obj] = before
			continue
		}
		current[object.Obj] = clone(reflect.ValueOf(object)).Interface().(types.ObjectContent)
		if !known || left[object.Obj] {
			updates = append(updates, enter(object))
		} else {
			updates = append(updates, f.modify(before, current[object.Obj]))
		}
	}
	f.reported = current
	return updates
}

func enter(object types.ObjectContent) types.ObjectUpdate {
	update := types.ObjectUpdate{Kind: types.ObjectUpdateKindEnter, Obj: object.Obj, MissingSet: object.MissingSet}
	for _, p := range object.PropSet {
		update.ChangeSet = append(update.ChangeSet, assign(p.Name, p.Val))
	}
	return update
}

// modify returns the paths whose values differ. What has no value any more is unset.
func (f *propertyFilter) modify(before, now types.ObjectContent) types.ObjectUpdate {
	update := types.ObjectUpdate{Kind: types.ObjectUpdateKindModify, Obj: now.Obj}
	old := make(map[string]types.AnyType, len(before.PropSet))
	for _, p := range before.PropSet {
		old[p.Name] = p.Val
	}
	for _, p := range now.PropSet {
		switch was, known := old[p.Name]; {
		case reflect.DeepEqual(was, p.Val):
		case f.PartialUpdates && known:
			update.ChangeSet = append(update.ChangeSet, nested(p.Name, was, p.Val)...)
		default:
			update.ChangeSet = append(update.ChangeSet, assign(p.Name, p.Val))
		}
		delete(old, p.Name)
	}
	for _, p := range before.PropSet {
		if _, gone := old[p.Name]; gone {
			update.ChangeSet = append(update.ChangeSet, assign(p.Name, nil))
		}
	}
	if !reflect.DeepEqual(before.MissingSet, now.MissingSet) {
		update.MissingSet = now.MissingSet
	}
	return update
}

func assign(name string, value types.AnyType) types.PropertyChange {
	return types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign, Val: value}
}
