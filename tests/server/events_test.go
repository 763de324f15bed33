package main

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

func (v *vcenter) collect(filter types.EventFilterSpec) (types.ManagedObjectReference, error) {
	res, err := methods.CreateCollectorForEvents(v.ctx, v.Client.Client, &types.CreateCollectorForEvents{
		This: *v.Client.ServiceContent.EventManager, Filter: filter,
	})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	return res.Returnval, nil
}

func (v *vcenter) nextEvents(collector types.ManagedObjectReference, limit int32) []types.BaseEvent {
	v.Helper()
	res, err := methods.ReadNextEvents(v.ctx, v.Client.Client, &types.ReadNextEvents{This: collector, MaxCount: limit})
	v.ok(err)
	return res.Returnval
}

func (v *vcenter) post(text string) {
	v.Helper()
	_, err := methods.PostEvent(v.ctx, v.Client.Client, &types.PostEvent{
		This:        *v.Client.ServiceContent.EventManager,
		EventToPost: &types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Message: text}},
	})
	v.ok(err)
}

func messages(events []types.BaseEvent) []string {
	var list []string
	for _, event := range events {
		list = append(list, event.(*types.GeneralUserEvent).Message)
	}
	return list
}

func TestCollectorsOfEventsKeepTheirPlace(t *testing.T) {
	v := start(t, nil)
	collector, err := v.collect(types.EventFilterSpec{EventTypeId: []string{"GeneralUserEvent"}})
	v.ok(err)
	for _, text := range []string{"a", "b", "c"} {
		v.post(text)
	}
	if got := messages(v.nextEvents(collector, 2)); !slices.Equal(got, []string{"a", "b"}) {
		t.Error(got)
	}
	for range 1100 {
		v.post("more")
	}
	if got := messages(v.nextEvents(collector, 2)); !slices.Equal(got, []string{"c", "more"}) {
		t.Error(got)
	}
	if got := len(v.nextEvents(collector, 1000)) + len(v.nextEvents(collector, 1000)); got != 1099 {
		t.Error(got)
	}
	_, err = methods.RewindCollector(v.ctx, v.Client.Client, &types.RewindCollector{This: collector})
	v.ok(err)
	if got := messages(v.nextEvents(collector, 1)); !slices.Equal(got, []string{"a"}) {
		t.Error(got)
	}
}

func TestEventsAreSelectedByTheirOwnTypeAndPlace(t *testing.T) {
	v := start(t, nil)
	a, b := v.twoMachines()
	for _, vm := range []types.ManagedObjectReference{a.Reference(), b.Reference()} {
		collector, err := v.collect(types.EventFilterSpec{
			EventTypeId: []string{"VmCreatedEvent"},
			Entity:      &types.EventFilterSpecByEntity{Entity: vm, Recursion: types.EventFilterSpecRecursionOptionSelf},
		})
		v.ok(err)
		events := v.nextEvents(collector, 10)
		if len(events) != 1 || events[0].GetEvent().Vm.Vm != vm {
			t.Errorf("%v: %+v", vm, events)
		}
	}
	collector, err := v.collect(types.EventFilterSpec{EventTypeId: []string{"VmEvent"}})
	v.ok(err)
	if events := v.nextEvents(collector, 10); len(events) != 0 {
		t.Errorf("a base type: %+v", events)
	}
}

func TestASessionHas32CollectorsOfEvents(t *testing.T) {
	v := start(t, nil)
	var last types.ManagedObjectReference
	for range 32 {
		var err error
		last, err = v.collect(types.EventFilterSpec{})
		v.ok(err)
	}
	if _, err := v.collect(types.EventFilterSpec{}); err == nil {
		t.Error("there is a 33rd")
	}
	_, err := methods.DestroyCollector(v.ctx, v.Client.Client, &types.DestroyCollector{This: last})
	v.ok(err)
	_, err = v.collect(types.EventFilterSpec{})
	v.ok(err)
}
