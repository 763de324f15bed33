package sim

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type ref = types.ManagedObjectReference

// asNetwork returns the common part of the three types of networks.
func asNetwork(obj mo.Reference) *mo.Network {
	switch n := obj.(type) {
	case *mo.Network:
		return n
	case *mo.OpaqueNetwork:
		return &n.Network
	case *simulator.DistributedVirtualPortgroup:
		return &n.Network
	}
	return nil
}

// linkNetworks fills in Network.host and Network.vm of the inventory, which the
// simulator leaves empty.
func (s *Simulator) linkNetworks() {
	ctx := &simulator.Context{Map: s.registry}
	for _, obj := range s.registry.All("HostSystem") {
		host := obj.(*simulator.HostSystem)
		host.Network = slices.Clone(host.Network) // hosts of a cluster share one array
		for _, id := range host.Network {
			if n, ok := s.registry.Get(id).(*mo.Network); ok && !slices.Contains(n.Host, host.Self) {
				n.Host = append(n.Host, host.Self)
			}
		}
	}
	for _, obj := range s.registry.All("VirtualMachine") {
		vm := obj.(*simulator.VirtualMachine)
		s.linkMachine(ctx, vm.Self, vm.Network)
	}
}

// linkMachine makes Network.vm of every network agree with the networks of one machine.
func (s *Simulator) linkMachine(ctx *simulator.Context, vm ref, networks []ref) {
	for _, kind := range []string{"Network", "DistributedVirtualPortgroup", "OpaqueNetwork"} {
		for _, obj := range s.registry.All(kind) {
			n := asNetwork(obj)
			if n == nil {
				continue
			}
			ctx.WithLock(obj, func() {
				uses, listed := slices.Contains(networks, n.Self), slices.Contains(n.Vm, vm)
				if uses != listed {
					setRefs(ctx, obj, "vm", toggled(n.Vm, vm, uses))
				}
			})
		}
	}
}

// toggled returns a copy of list with or without one reference.
func toggled(list []ref, item ref, present bool) []ref {
	without := slices.DeleteFunc(slices.Clone(list), func(r ref) bool { return r == item })
	if present {
		return append(without, item)
	}
	return without
}

// setRefs assigns a property that is a list of references, and tells who waits for it.
func setRefs(ctx *simulator.Context, obj mo.Reference, property string, value []ref) {
	ctx.WithLock(obj, func() {
		ctx.Update(obj, []types.PropertyChange{{Name: property, Val: value}})
	})
}

// ancestor returns the nearest object of a type above e, nil if there is none.
func ancestor(ctx *simulator.Context, e mo.Entity, kind string) mo.Entity {
	for e != nil && e.Entity().Parent != nil {
		above, ok := ctx.Map.Get(*e.Entity().Parent).(mo.Entity)
		if !ok {
			return nil
		}
		if above.Reference().Type == kind {
			return above
		}
		e = above
	}
	return nil
}

// computeResource returns the cluster or the single host's resource that host is in.
func computeResource(ctx *simulator.Context, host *mo.HostSystem) (mo.Reference, *mo.ComputeResource) {
	switch parent := ctx.Map.Get(*host.Parent).(type) {
	case *simulator.ClusterComputeResource:
		return parent, &parent.ComputeResource
	case *mo.ComputeResource:
		return parent, parent
	}
	return nil, nil
}

// attachNetwork lists a standard network at a host, its compute resource and itself.
func attachNetwork(ctx *simulator.Context, network *mo.Network, host *mo.HostSystem) {
	setRefs(ctx, network, "host", toggled(network.Host, host.Self, true))
	setRefs(ctx, ctx.Map.Get(host.Self), "network", toggled(host.Network, network.Self, true))
	if obj, compute := computeResource(ctx, host); compute != nil {
		setRefs(ctx, obj, "network", toggled(compute.Network, network.Self, true))
	}
}

// detachNetwork undoes attachNetwork. A network that no host has is gone.
func detachNetwork(ctx *simulator.Context, network *mo.Network, host *mo.HostSystem) {
	setRefs(ctx, network, "host", toggled(network.Host, host.Self, false))
	setRefs(ctx, ctx.Map.Get(host.Self), "network", toggled(host.Network, network.Self, false))
	if obj, compute := computeResource(ctx, host); compute != nil {
		others := func(h ref) bool { return slices.Contains(network.Host, h) }
		if !slices.ContainsFunc(compute.Host, others) {
			setRefs(ctx, obj, "network", toggled(compute.Network, network.Self, false))
		}
	}
	if len(network.Host) == 0 {
		removeNetwork(ctx, network)
	}
}

// addNetwork puts a new standard network into the network folder of a datacenter.
func addNetwork(ctx *simulator.Context, dc *simulator.Datacenter, name string) *mo.Network {
	n := &mo.Network{Name: name}
	n.ManagedEntity.Name = name
	ctx.Map.NewEntity(n)
	n.Summary = &types.NetworkSummary{Network: &n.Self, Name: name, Accessible: true}
	folder := ctx.Map.Get(dc.NetworkFolder).(*simulator.Folder)
	setRefs(ctx, folder, "childEntity", toggled(folder.ChildEntity, n.Self, true))
	ctx.Map.PutEntity(folder, n)
	setRefs(ctx, dc, "network", toggled(dc.Network, n.Self, true))
	return n
}

func removeNetwork(ctx *simulator.Context, n *mo.Network) {
	if dc, ok := ancestor(ctx, n, "Datacenter").(*simulator.Datacenter); ok {
		setRefs(ctx, dc, "network", toggled(dc.Network, n.Self, false))
	}
	if folder, ok := ctx.Map.Get(*n.Parent).(*simulator.Folder); ok {
		setRefs(ctx, folder, "childEntity", toggled(folder.ChildEntity, n.Self, false))
	}
	ctx.Map.Remove(ctx, n.Self)
}
