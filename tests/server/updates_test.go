package main

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// watched is a collector with one filter: the name of each object of a list.
type watched struct {
	*vcenter
	*property.Collector
	list    *view.ListView
	version string
}

func (v *vcenter) watch(objs ...object.Reference) *watched {
	v.Helper()
	list, err := view.NewManager(v.Client.Client).CreateListView(v.ctx, refs(objs))
	v.ok(err)
	pc, err := property.DefaultCollector(v.Client.Client).Create(v.ctx)
	v.ok(err)
	_, err = pc.CreateFilter(v.ctx, types.CreateFilter{Spec: types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "ManagedEntity", PathSet: []string{"name"}}},
		ObjectSet: []types.ObjectSpec{{
			Obj: list.Reference(), Skip: types.NewBool(true),
			SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ListView", Path: "view"}},
		}},
	}})
	v.ok(err)
	return &watched{v, pc, list, ""}
}

func refs(objs []object.Reference) []types.ManagedObjectReference {
	var list []types.ManagedObjectReference
	for _, obj := range objs {
		list = append(list, obj.Reference())
	}
	return list
}

// next waits for the next report, of limit objects at most; nil if there is none.
func (w *watched) next(limit int32) (*types.UpdateSet, error) {
	seconds := int32(1)
	res, err := methods.WaitForUpdatesEx(w.ctx, w.Client.Client, &types.WaitForUpdatesEx{
		This: w.Collector.Reference(), Version: w.version,
		Options: &types.WaitOptions{MaxWaitSeconds: &seconds, MaxObjectUpdates: limit},
	})
	if err != nil || res.Returnval == nil {
		return nil, err
	}
	w.version = res.Returnval.Version
	return res.Returnval, nil
}

// expect waits for a report, which must be of one filter.
func (w *watched) expect(limit int32) []types.ObjectUpdate {
	w.Helper()
	set, err := w.next(limit)
	w.ok(err)
	if set == nil || len(set.FilterSet) != 1 {
		w.Fatalf("%+v", set)
	}
	return set.FilterSet[0].ObjectSet
}

func (v *vcenter) twoMachines() (a, b *object.VirtualMachine) {
	v.Helper()
	list, err := v.find.VirtualMachineList(v.ctx, "*")
	v.ok(err)
	return list[0], list[1]
}

func TestUpdatesTellWhatEntersChangesAndLeaves(t *testing.T) {
	v := start(t, nil)
	a, b := v.twoMachines()
	w := v.watch(a)
	if set := w.expect(0); len(set) != 1 || set[0].Kind != types.ObjectUpdateKindEnter || set[0].Obj != a.Reference() {
		t.Errorf("%+v", set)
	}
	v.ok(v.await(a.Rename(v.ctx, "other")))
	if set := w.expect(0); set[0].Kind != types.ObjectUpdateKindModify || set[0].ChangeSet[0].Val != "other" {
		t.Errorf("%+v", set)
	}
	_, err := w.list.Add(v.ctx, refs([]object.Reference{b}))
	v.ok(err)
	if set := w.expect(0); len(set) != 1 || set[0].Kind != types.ObjectUpdateKindEnter || set[0].Obj != b.Reference() {
		t.Errorf("%+v", set)
	}
	_, err = w.list.Remove(v.ctx, refs([]object.Reference{a}))
	v.ok(err)
	if set := w.expect(0); len(set) != 1 || set[0].Kind != types.ObjectUpdateKindLeave || set[0].Obj != a.Reference() {
		t.Errorf("%+v", set)
	}
}

func TestUpdatesOfOthersAreNotTold(t *testing.T) {
	v := start(t, nil)
	a, b := v.twoMachines()
	w := v.watch(a)
	w.expect(0)
	v.ok(v.await(b.Rename(v.ctx, "other")))
	if set, err := w.next(0); set != nil || err != nil {
		t.Errorf("%+v, %v", set, err)
	}
}

func TestUpdatesComeInSteps(t *testing.T) {
	v := start(t, nil)
	a, b := v.twoMachines()
	w := v.watch(a, b)
	first, err := w.next(1)
	v.ok(err)
	if first.Truncated == nil || !*first.Truncated || len(first.FilterSet[0].ObjectSet) != 1 {
		t.Errorf("%+v", first)
	}
	second, err := w.next(1)
	v.ok(err)
	if second.Truncated != nil || len(second.FilterSet[0].ObjectSet) != 1 {
		t.Errorf("%+v", second)
	}
	if first.FilterSet[0].ObjectSet[0].Obj == second.FilterSet[0].ObjectSet[0].Obj {
		t.Errorf("%+v", second)
	}
}

func TestUpdatesAreToldAgainToWhomTheyWereLost(t *testing.T) {
	v := start(t, nil)
	a, _ := v.twoMachines()
	w := v.watch(a)
	w.expect(0)
	before := w.version
	v.ok(v.await(a.Rename(v.ctx, "other")))
	w.expect(0)
	w.version = before // the answer did not arrive
	if set := w.expect(0); set[0].ChangeSet[0].Val != "other" {
		t.Errorf("%+v", set)
	}
}

func TestWaitingForUpdatesCanBeCancelled(t *testing.T) {
	v := start(t, nil)
	a, _ := v.twoMachines()
	w := v.watch(a)
	w.expect(0)
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-time.After(50 * time.Millisecond):
				_ = w.CancelWaitForUpdates(v.ctx)
			}
		}
	}()
	_, err := w.next(0)
	fault[*types.RequestCanceled](v, err)
}
