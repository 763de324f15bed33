package main

import (
	"fmt"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/types"
)

// follow returns a collector with one filter, with partial updates, on properties of one machine.
func (v *vcenter) follow(vm *object.VirtualMachine, paths ...string) *watched {
	v.Helper()
	pc, err := property.DefaultCollector(v.Client.Client).Create(v.ctx)
	v.ok(err)
	_, err = pc.CreateFilter(v.ctx, types.CreateFilter{PartialUpdates: true, Spec: types.PropertyFilterSpec{
		PropSet:   []types.PropertySpec{{Type: "VirtualMachine", PathSet: paths}},
		ObjectSet: []types.ObjectSpec{{Obj: vm.Reference()}},
	}})
	v.ok(err)
	w := &watched{v, pc, nil, ""}
	w.expect(0)
	return w
}

// changes reconfigures the machine and returns what is reported, as "op path".
func (w *watched) changes(vm *object.VirtualMachine, spec types.VirtualMachineConfigSpec) map[string]types.AnyType {
	w.Helper()
	task, err := vm.Reconfigure(w.ctx, spec)
	w.ok(err)
	w.ok(task.Wait(w.ctx))
	seen := map[string]types.AnyType{}
	for _, update := range w.expect(0) {
		for _, change := range update.ChangeSet {
			seen[fmt.Sprintf("%s %s", change.Op, change.Name)] = change.Val
		}
	}
	return seen
}

func TestPartialUpdatesNameWhatChangedInsideAProperty(t *testing.T) {
	v := start(t, nil)
	vm, _ := v.twoMachines()
	off, err := vm.PowerOff(v.ctx)
	v.ok(err)
	v.ok(off.Wait(v.ctx))
	w := v.follow(vm, "config")
	if seen := w.changes(vm, types.VirtualMachineConfigSpec{NumCPUs: 2}); seen["assign config.hardware.numCPU"] != int32(2) ||
		seen["assign config"] != nil || seen["assign config.hardware"] != nil {
		t.Error(seen)
	}
	extra := func(value string) types.VirtualMachineConfigSpec {
		return types.VirtualMachineConfigSpec{ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "a.b", Value: value}}}
	}
	if seen := w.changes(vm, extra("1")); seen[`add config.extraConfig["a.b"]`] == nil {
		t.Error(seen)
	}
	if seen := w.changes(vm, extra("2")); seen[`assign config.extraConfig["a.b"].value`] != "2" {
		t.Error(seen)
	}
	if _, ok := w.changes(vm, extra(""))[`remove config.extraConfig["a.b"]`]; !ok {
		t.Error("it is there still")
	}
}
