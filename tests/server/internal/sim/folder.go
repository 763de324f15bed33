package sim

import (
	"net/url"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// folder checks what is put into it, and is destroyed with what is in it.
type folder struct {
	*simulator.Folder
}

// Entity shows the simulator what it looks at before a call. See shown.
func (f *folder) Entity() *mo.ManagedEntity { return shown(f.Folder.Entity()) }

// CreateVMTask implements CreateVM_Task.
func (f *folder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	plan := planOf(ctx)
	plan.check = func(ctx *simulator.Context) types.BaseMethodFault { return f.checkCreate(ctx, req) }
	plan.after = func(ctx *simulator.Context, result types.AnyType) {
		if id, ok := result.(ref); ok {
			tidyNetworks(ctx, ctx.Map.Get(id).(*simulator.VirtualMachine))
		}
	}
	return f.Folder.CreateVMTask(ctx, req)
}

func (f *folder) checkCreate(ctx *simulator.Context, req *types.CreateVM_Task) types.BaseMethodFault {
	if req.Config.Name == "" {
		return &types.InvalidArgument{InvalidProperty: "configSpec.name"}
	}
	if fault := f.taken(ctx, req.Config.Name, ref{}); fault != nil {
		return fault
	}
	if fault := checkConfig(&req.Config); fault != nil {
		return fault
	}
	return placeMachine(ctx, f.Folder, req)
}

// RenameTask implements Rename_Task.
func (f *folder) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	planOf(ctx).check = func(ctx *simulator.Context) types.BaseMethodFault {
		return checkRename(ctx, f.Folder, req.NewName)
	}
	return f.Folder.RenameTask(ctx, req)
}

// MoveIntoFolderTask implements MoveIntoFolder_Task.
func (f *folder) MoveIntoFolderTask(ctx *simulator.Context, req *types.MoveIntoFolder_Task) soap.HasFault {
	planOf(ctx).check = func(ctx *simulator.Context) types.BaseMethodFault {
		for _, id := range req.List {
			entity, ok := ctx.Map.Get(id).(mo.Entity)
			if !ok {
				return &types.ManagedObjectNotFound{Obj: id}
			}
			if within(ctx, f.Folder, id) {
				return &types.InvalidFolder{Target: f.Self}
			}
			if fault := f.taken(ctx, entityName(entity), id); fault != nil {
				return fault
			}
		}
		return nil
	}
	return f.Folder.MoveIntoFolderTask(ctx, req)
}

// DestroyTask implements Destroy_Task: "destroys this object, deleting its contents". While a
// machine in it runs nothing is destroyed.
func (f *folder) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	body := &methods.Destroy_TaskBody{}
	parent, ok := parentOf(ctx, f.Folder).(*simulator.Folder)
	if !ok { // the root folder, or one of a datacenter's own
		fault := &types.NotSupported{}
		body.Fault_ = simulator.Fault(Message(fault), fault)
		return body
	}
	task := simulator.CreateTask(f.Folder, "destroy", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if fault := running(ctx, f.Folder); fault != nil {
			return nil, fault
		}
		if fault := destroyChildren(ctx, f.Folder); fault != nil {
			return nil, fault
		}
		removeChild(ctx, parent, f.Self)
		return nil, nil
	})
	body.Res = &types.Destroy_TaskResponse{Returnval: task.Run(ctx)}
	return body
}

// taken returns DuplicateName if the folder has a child of that name other than except.
func (f *folder) taken(ctx *simulator.Context, name string, except ref) types.BaseMethodFault {
	if found := ctx.Map.FindByName(escaped(name), f.ChildEntity); found != nil && found.Reference() != except {
		return &types.DuplicateName{Name: name, Object: found.Reference()}
	}
	return nil
}

// checkRename returns DuplicateName if a sibling of e has that name.
func checkRename(ctx *simulator.Context, e mo.Entity, name string) types.BaseMethodFault {
	if name == "" {
		return &types.InvalidArgument{InvalidProperty: "newName"}
	}
	if parent, ok := parentOf(ctx, e).(*simulator.Folder); ok {
		return (&folder{Folder: parent}).taken(ctx, name, e.Reference())
	}
	return nil
}

func parentOf(ctx *simulator.Context, e mo.Entity) mo.Reference {
	if parent := e.Entity().Parent; parent != nil {
		return ctx.Map.Get(*parent)
	}
	return nil
}

// within says whether f is the object id, or somewhere in it.
func within(ctx *simulator.Context, f mo.Entity, id ref) bool {
	for f != nil {
		if f.Reference() == id {
			return true
		}
		f, _ = parentOf(ctx, f).(mo.Entity)
	}
	return false
}

func entityName(e mo.Entity) string {
	if n := asNetwork(e); n != nil {
		return n.Name
	}
	return e.Entity().Name
}

// escaped returns a name as the inventory keeps it: a slash, a backslash and a percent sign
// are written as %2f, %5c and %25.
func escaped(name string) string {
	for _, c := range []string{"%", "/", `\`} {
		name = strings.ReplaceAll(name, c, strings.ToLower(url.QueryEscape(c)))
	}
	return name
}
