package main

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestFolderIsDestroyedWithWhatIsInIt(t *testing.T) {
	v := start(t, nil)
	outer := v.folder("outer")
	inner, err := outer.CreateFolder(v.ctx, "inner")
	v.ok(err)
	vm, err := v.create(inner, spec("m", "VM Network"), nil)
	v.ok(err)
	v.ok(v.await(outer.Destroy(v.ctx)))
	for _, obj := range []object.Reference{outer, inner, vm} {
		var e mo.ManagedEntity
		err := v.Client.RetrieveOne(v.ctx, obj.Reference(), []string{"name"}, &e)
		fault[*types.ManagedObjectNotFound](v, err)
	}
	if list, err := v.find.VirtualMachineList(v.ctx, "m"); err == nil {
		t.Errorf("an orphan: %v", list)
	}
	hosts, err := v.find.HostSystemList(v.ctx, "*")
	v.ok(err)
	for _, host := range hosts {
		var h mo.HostSystem
		v.get(host, &h, "vm")
		for _, id := range h.Vm {
			if id == vm.Reference() {
				t.Errorf("%v still lists it", host)
			}
		}
	}
}

func TestFolderWithARunningMachineStays(t *testing.T) {
	v := start(t, nil)
	folder := v.folder("f")
	still, err := v.create(folder, spec("a", "VM Network"), nil)
	v.ok(err)
	runs, err := v.create(folder, spec("b", "VM Network"), nil)
	v.ok(err)
	v.ok(v.await(runs.PowerOn(v.ctx)))
	f := fault[*types.InvalidPowerState](v, v.await(folder.Destroy(v.ctx)))
	if f.ExistingState != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("%+v", f)
	}
	var e mo.ManagedEntity
	v.get(still, &e, "name") // nothing was destroyed
}

func TestFolderOfADatacenterCannotBeDestroyed(t *testing.T) {
	v := start(t, nil)
	root, err := v.find.Folder(v.ctx, "/DC0/vm")
	v.ok(err)
	fault[*types.NotSupported](v, v.await(root.Destroy(v.ctx)))
}

func TestNamesInAFolderAreUnique(t *testing.T) {
	v := start(t, nil)
	folder, other := v.folder("f"), v.folder("g")
	first, err := v.create(folder, spec("m", "VM Network"), nil)
	v.ok(err)
	_, err = v.create(folder, spec("m", "VM Network"), nil)
	if f := fault[*types.DuplicateName](v, err); f.Object != first.Reference() {
		t.Errorf("%+v", f)
	}
	v.contains(err.Error(), "The name 'm' already exists.")
	_, err = folder.CreateFolder(v.ctx, "m")
	fault[*types.DuplicateName](v, err)
	second, err := v.create(folder, spec("n", "VM Network"), nil)
	v.ok(err)
	fault[*types.DuplicateName](v, v.await(second.Rename(v.ctx, "m")))
	fault[*types.DuplicateName](v, v.await(second.Reconfigure(v.ctx, types.VirtualMachineConfigSpec{Name: "m"})))
	third, err := v.create(other, spec("m", "VM Network"), nil)
	v.ok(err) // another folder
	fault[*types.DuplicateName](v, v.await(folder.MoveInto(v.ctx, []types.ManagedObjectReference{third.Reference()})))
	fault[*types.InvalidFolder](v, v.await(folder.MoveInto(v.ctx, []types.ManagedObjectReference{folder.Reference()})))
	fault[*types.DuplicateName](v, v.await(folder.Rename(v.ctx, "g")))
}
