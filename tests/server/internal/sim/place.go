package sim

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// placeMachine checks where a new machine is to be, and chooses the host if the request does
// not: the one with the fewest machines of those that have the datastore and the networks.
func placeMachine(ctx *simulator.Context, f *simulator.Folder, req *types.CreateVM_Task) types.BaseMethodFault {
	var path object.DatastorePath
	if req.Config.Files == nil || !path.FromString(req.Config.Files.VmPathName) {
		return &types.InvalidDatastorePath{DatastorePath: pathOf(req.Config.Files)}
	}
	dc, ok := ancestor(ctx, f, "Datacenter").(*simulator.Datacenter)
	if !ok {
		return &types.InvalidFolder{Target: f.Self}
	}
	if ctx.Map.FindByName(path.Datastore, dc.Datastore) == nil {
		return &types.InvalidDatastorePath{DatastorePath: req.Config.Files.VmPathName}
	}
	candidates, fault := hostsOf(ctx, req)
	if fault != nil {
		return fault
	}
	candidates = slices.DeleteFunc(candidates, func(h *simulator.HostSystem) bool {
		return h.Runtime.InMaintenanceMode || h.Runtime.ConnectionState != types.HostSystemConnectionStateConnected ||
			ctx.Map.FindByName(path.Datastore, h.Datastore) == nil
	})
	if len(candidates) == 0 {
		return &types.InvalidDatastorePath{DatastorePath: req.Config.Files.VmPathName}
	}
	var chosen *simulator.HostSystem
	for _, host := range candidates {
		if fault = checkDevices(ctx, simulatorDevices, req.Config.DeviceChange, host); fault == nil {
			chosen = host
			break
		}
	}
	if chosen == nil {
		return fault
	}
	req.Host = &chosen.Self
	return nil
}

// simulatorDevices are those that a new machine has by itself and others are attached to.
var simulatorDevices = []types.BaseVirtualDevice{
	&types.VirtualIDEController{VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: 200}}},
	&types.VirtualIDEController{VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: 201}}},
	&types.VirtualPCIController{VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: 100}}},
	&types.VirtualSIOController{VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: 400}}},
}

// hostsOf returns the hosts that a new machine may be on, those with the fewest machines first.
func hostsOf(ctx *simulator.Context, req *types.CreateVM_Task) ([]*simulator.HostSystem, types.BaseMethodFault) {
	var owner ref
	switch pool := ctx.Map.Get(req.Pool).(type) {
	case *simulator.ResourcePool:
		owner = pool.Owner
	case *simulator.VirtualApp:
		owner = pool.Owner
	default:
		return nil, &types.ManagedObjectNotFound{Obj: req.Pool}
	}
	var list []ref
	switch compute := ctx.Map.Get(owner).(type) {
	case *simulator.ClusterComputeResource:
		list = compute.Host
	case *mo.ComputeResource:
		list = compute.Host
	}
	if req.Host != nil {
		if !slices.Contains(list, *req.Host) {
			return nil, &types.InvalidArgument{InvalidProperty: "host"}
		}
		list = []ref{*req.Host}
	}
	var hosts []*simulator.HostSystem
	for _, id := range list {
		hosts = append(hosts, ctx.Map.Get(id).(*simulator.HostSystem))
	}
	slices.SortStableFunc(hosts, func(a, b *simulator.HostSystem) int { return len(a.Vm) - len(b.Vm) })
	return hosts, nil
}

func pathOf(files *types.VirtualMachineFileInfo) string {
	if files == nil {
		return ""
	}
	return files.VmPathName
}
