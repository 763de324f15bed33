package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

type ref = types.ManagedObjectReference

// observed is a collector with a filter over a list view.
type observed struct {
	*vcenter
	collector, filter ref
	list              *view.ListView
}

// observe makes a collector that reports properties of the machines in a list.
func (v *vcenter) observe(list []ref, properties ...string) *observed {
	v.Helper()
	res, err := methods.CreatePropertyCollector(v.ctx, v.Client, &types.CreatePropertyCollector{This: v.ServiceContent.PropertyCollector})
	v.ok(err)
	w := &observed{vcenter: v, collector: res.Returnval}
	w.list, err = view.NewManager(v.Client.Client).CreateListView(v.ctx, list)
	v.ok(err)
	w.filter = w.filtered(properties...)
	return w
}

// filtered adds a filter.
func (w *observed) filtered(properties ...string) ref {
	w.Helper()
	res, err := methods.CreateFilter(w.ctx, w.Client, &types.CreateFilter{This: w.collector, Spec: types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: properties}},
		ObjectSet: []types.ObjectSpec{{Obj: w.list.Reference(), Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "ListView", Path: "view"},
		}}},
	}})
	w.ok(err)
	return res.Returnval
}

// wait waits so many seconds, below 0 without end, for so many objects, 0 being any number.
func (w *observed) wait(version string, seconds, objects int32) (*types.UpdateSet, error) {
	o := &types.WaitOptions{MaxObjectUpdates: objects}
	if seconds >= 0 {
		o.MaxWaitSeconds = &seconds
	}
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	res, err := methods.WaitForUpdatesEx(ctx, w.Client, &types.WaitForUpdatesEx{This: w.collector, Version: version, Options: o})
	if err != nil {
		return nil, err
	}
	return res.Returnval, nil
}

// updates waits, and returns the version and all updates of objects in words.
func (w *observed) updates(version string, seconds int32) (string, string) {
	w.Helper()
	set, err := w.wait(version, seconds, 0)
	w.ok(err)
	if set == nil {
		return version, "nothing"
	}
	return set.Version, told(set)
}

// told is the updates of a set, a line for each object.
func told(set *types.UpdateSet) string {
	var text string
	for _, f := range set.FilterSet {
		for _, o := range f.ObjectSet {
			text += fmt.Sprintf("%s %s", o.Kind, o.Obj.Value)
			for _, c := range o.ChangeSet {
				text += fmt.Sprintf(" %s %s=%v", c.Op, c.Name, c.Val)
			}
			for _, m := range o.MissingSet {
				text += fmt.Sprintf(" missing %s %T", m.Path, m.Fault.Fault)
			}
			text += "\n"
		}
	}
	return text
}

func (w *observed) equal(got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("got  %q\nwant %q", got, want)
	}
}

// during starts a wait without end, does something while it waits, and returns its end.
func (w *observed) during(version string, do func()) (*types.UpdateSet, error) {
	w.Helper()
	type end struct {
		set *types.UpdateSet
		err error
	}
	ended := make(chan end, 1)
	w.http("DELETE", "/_test/requests", "")
	go func() {
		set, err := w.wait(version, -1, 0)
		ended <- end{set, err}
	}()
	for w.requests("soap", "WaitForUpdatesEx") == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	do()
	e := <-ended
	return e.set, e.err
}

// note changes of a machine what few watches look at.
func (w *observed) note(vm, text string) {
	w.Helper()
	w.ok(w.await(w.vm(vm).Reconfigure(w.ctx, types.VirtualMachineConfigSpec{Annotation: text})))
}
