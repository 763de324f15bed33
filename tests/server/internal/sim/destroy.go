package sim

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// running returns InvalidPowerState if a machine in a folder, or in one in it, is running.
func running(ctx *simulator.Context, f *simulator.Folder) types.BaseMethodFault {
	for _, id := range f.ChildEntity {
		switch child := ctx.Map.Get(id).(type) {
		case *simulator.Folder:
			if fault := running(ctx, child); fault != nil {
				return fault
			}
		case *simulator.VirtualMachine:
			if child.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				return &types.InvalidPowerState{
					RequestedState: types.VirtualMachinePowerStatePoweredOff,
					ExistingState:  child.Runtime.PowerState,
				}
			}
		}
	}
	return nil
}

// destroyChildren destroys what is in a folder, as tasks of their own.
func destroyChildren(ctx *simulator.Context, f *simulator.Folder) types.BaseMethodFault {
	for _, id := range slices.Clone(f.ChildEntity) {
		if child, ok := ctx.Map.Get(id).(*simulator.Folder); ok {
			if fault := destroyChildren(ctx, child); fault != nil {
				return fault
			}
			removeChild(ctx, f, id)
		} else if fault := destroy(ctx, id); fault != nil {
			return fault
		}
	}
	return nil
}

// destroy runs Destroy_Task of an object that is not a folder, and waits for it.
func destroy(ctx *simulator.Context, id ref) types.BaseMethodFault {
	req := &types.Destroy_Task{This: id}
	obj := ctx.Map.Get(id)
	var res soap.HasFault
	ctx.WithLock(obj, func() {
		switch obj := obj.(type) {
		case interface {
			DestroyTask(*simulator.Context, *types.Destroy_Task) soap.HasFault
		}:
			res = obj.DestroyTask(ctx, req)
		case interface {
			DestroyTask(*types.Destroy_Task) soap.HasFault
		}:
			res = obj.DestroyTask(req)
		}
	})
	body, ok := res.(*methods.Destroy_TaskBody)
	switch {
	case !ok:
		return &types.NotSupported{}
	case body.Fault_ != nil:
		fault, _ := body.Fault_.VimFault().(types.BaseMethodFault)
		return fault
	}
	task := ctx.Map.Get(body.Res.Returnval).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return task.Info.Error.Fault
	}
	return nil
}

func removeChild(ctx *simulator.Context, parent *simulator.Folder, id ref) {
	var child mo.Reference = ctx.Map.Get(id)
	if child == nil {
		return
	}
	ctx.Map.Remove(ctx, id)
	setRefs(ctx, parent, "childEntity", toggled(parent.ChildEntity, id, false))
}
