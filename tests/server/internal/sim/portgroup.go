package sim

import (
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hostNetworkSystem has the port groups of standard switches. The port groups of one name on
// several hosts of a datacenter are one Network.
type hostNetworkSystem struct {
	*simulator.HostNetworkSystem
}

// portGroups is held while a port group is made, changed or removed: calls for several hosts may come
// at once, and looking for the datacenter's network and making it is one step.
var portGroups sync.Mutex

// adoptNetworkInfo gives a host's network system what the host's configuration says: the
// simulator begins with a switch that has a name only.
func adoptNetworkInfo(n *simulator.HostNetworkSystem) {
	if n.Host == nil || n.Host.Config == nil || n.Host.Config.Network == nil {
		return
	}
	info := *n.Host.Config.Network
	info.Vswitch = slices.Clone(info.Vswitch)
	info.Portgroup = slices.Clone(info.Portgroup)
	n.NetworkInfo = &info
}

// AddPortGroup implements the method of that name.
func (n *hostNetworkSystem) AddPortGroup(ctx *simulator.Context, req *types.AddPortGroup) soap.HasFault {
	body := &methods.AddPortGroupBody{}
	portGroups.Lock()
	defer portGroups.Unlock()
	if fault := n.add(ctx, req.Portgrp); fault != nil {
		body.Fault_ = simulator.Fault(Message(fault), fault)
		return body
	}
	body.Res = &types.AddPortGroupResponse{}
	return body
}

// UpdatePortGroup implements the method of that name, which the simulator lacks.
func (n *hostNetworkSystem) UpdatePortGroup(ctx *simulator.Context, req *types.UpdatePortGroup) soap.HasFault {
	body := &methods.UpdatePortGroupBody{}
	portGroups.Lock()
	defer portGroups.Unlock()
	if fault := n.update(ctx, req.PgName, req.Portgrp); fault != nil {
		body.Fault_ = simulator.Fault(Message(fault), fault)
		return body
	}
	body.Res = &types.UpdatePortGroupResponse{}
	return body
}

// RemovePortGroup implements the method of that name.
func (n *hostNetworkSystem) RemovePortGroup(ctx *simulator.Context, req *types.RemovePortGroup) soap.HasFault {
	body := &methods.RemovePortGroupBody{}
	portGroups.Lock()
	defer portGroups.Unlock()
	if fault := n.remove(ctx, req.PgName); fault != nil {
		body.Fault_ = simulator.Fault(Message(fault), fault)
		return body
	}
	body.Res = &types.RemovePortGroupResponse{}
	return body
}

func (n *hostNetworkSystem) add(ctx *simulator.Context, spec types.HostPortGroupSpec) types.BaseMethodFault {
	if fault := n.check(spec); fault != nil {
		return fault
	}
	if n.find(spec.Name) >= 0 {
		return &types.AlreadyExists{Name: spec.Name}
	}
	network, fault := n.network(ctx, spec.Name)
	if fault != nil {
		return fault
	}
	attachNetwork(ctx, network, n.Host)
	n.set(ctx, append(slices.Clone(n.NetworkInfo.Portgroup), n.portgroup(spec)))
	return nil
}

func (n *hostNetworkSystem) update(ctx *simulator.Context, name string, spec types.HostPortGroupSpec) types.BaseMethodFault {
	if fault := n.check(spec); fault != nil {
		return fault
	}
	i := n.find(name)
	if i < 0 {
		return &types.NotFound{}
	}
	if spec.Name != name {
		if fault := n.rename(ctx, name, spec.Name); fault != nil {
			return fault
		}
	}
	list := slices.Clone(n.NetworkInfo.Portgroup)
	list[i] = n.portgroup(spec)
	n.set(ctx, list)
	return nil
}

func (n *hostNetworkSystem) remove(ctx *simulator.Context, name string) types.BaseMethodFault {
	i := n.find(name)
	if i < 0 {
		return &types.NotFound{}
	}
	if user := n.user(ctx, name); user != nil {
		return &types.ResourceInUse{Type: "HostPortGroup", Name: name}
	}
	n.set(ctx, slices.Delete(slices.Clone(n.NetworkInfo.Portgroup), i, i+1))
	if network := n.attached(ctx, name); network != nil {
		detachNetwork(ctx, network, n.Host)
	}
	return nil
}

// rename moves the host from the network of one name to that of another.
func (n *hostNetworkSystem) rename(ctx *simulator.Context, from, to string) types.BaseMethodFault {
	if n.find(to) >= 0 {
		return &types.AlreadyExists{Name: to}
	}
	if n.user(ctx, from) != nil {
		return &types.HostConfigFault{}
	}
	network, fault := n.network(ctx, to)
	if fault != nil {
		return fault
	}
	if old := n.attached(ctx, from); old != nil {
		detachNetwork(ctx, old, n.Host)
	}
	attachNetwork(ctx, network, n.Host)
	return nil
}

func (n *hostNetworkSystem) check(spec types.HostPortGroupSpec) types.BaseMethodFault {
	switch {
	case spec.Name == "":
		return &types.InvalidArgument{InvalidProperty: "portgrp.name"}
	case spec.VlanId < 0 || spec.VlanId > 4095:
		return &types.InvalidArgument{InvalidProperty: "portgrp.vlanId"}
	case n.vswitch(spec.VswitchName) == nil:
		return &types.NotFound{}
	}
	return nil
}

func (n *hostNetworkSystem) find(name string) int {
	return slices.IndexFunc(n.NetworkInfo.Portgroup, func(pg types.HostPortGroup) bool {
		return pg.Spec.Name == name
	})
}

func (n *hostNetworkSystem) vswitch(name string) *types.HostVirtualSwitch {
	for i := range n.NetworkInfo.Vswitch {
		if n.NetworkInfo.Vswitch[i].Name == name {
			return &n.NetworkInfo.Vswitch[i]
		}
	}
	return nil
}

// network returns the datacenter's network of a name, made if there is none.
func (n *hostNetworkSystem) network(ctx *simulator.Context, name string) (*mo.Network, types.BaseMethodFault) {
	dc := ancestor(ctx, n.Host, "Datacenter").(*simulator.Datacenter)
	switch found := ctx.Map.FindByName(name, dc.Network).(type) {
	case nil:
		return addNetwork(ctx, dc, name), nil
	case *mo.Network:
		return found, nil
	default:
		return nil, &types.DuplicateName{Name: name, Object: found.Reference()}
	}
}

// attached returns the network of a name that this host has.
func (n *hostNetworkSystem) attached(ctx *simulator.Context, name string) *mo.Network {
	network, _ := ctx.Map.FindByName(name, n.Host.Network).(*mo.Network)
	return network
}

// user returns a machine of this host with a card on the port group, nil if there is none.
func (n *hostNetworkSystem) user(ctx *simulator.Context, name string) *simulator.VirtualMachine {
	for _, id := range n.Host.Vm {
		vm, ok := ctx.Map.Get(id).(*simulator.VirtualMachine)
		if ok && slices.Contains(standardNetworks(vm), name) {
			return vm
		}
	}
	return nil
}

// standardNetworks returns the names of the port groups that a machine's cards are on.
func standardNetworks(vm *simulator.VirtualMachine) []string {
	var names []string
	for _, device := range vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			backing, ok := card.GetVirtualEthernetCard().Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
			if ok {
				names = append(names, backing.DeviceName)
			}
		}
	}
	return names
}

// portgroup returns what the host reports for a spec: the policy that is in force is the
// port group's where it says something, else its switch's.
func (n *hostNetworkSystem) portgroup(spec types.HostPortGroupSpec) types.HostPortGroup {
	vswitch := n.vswitch(spec.VswitchName)
	return types.HostPortGroup{
		Key:            "key-vim.host.PortGroup-" + spec.Name,
		Vswitch:        vswitch.Key,
		ComputedPolicy: mergedPolicy(vswitch.Spec.Policy, spec.Policy),
		Spec:           spec,
	}
}

// set makes the network system and the host's configuration list these port groups.
func (n *hostNetworkSystem) set(ctx *simulator.Context, list []types.HostPortGroup) {
	switches := slices.Clone(n.NetworkInfo.Vswitch)
	for i := range switches {
		switches[i].Portgroup = nil
		for _, pg := range list {
			if pg.Spec.VswitchName == switches[i].Name {
				switches[i].Portgroup = append(switches[i].Portgroup, pg.Key)
			}
		}
	}
	ctx.Update(n.HostNetworkSystem, []types.PropertyChange{
		{Name: "networkInfo.portgroup", Val: list},
		{Name: "networkInfo.vswitch", Val: switches},
	})
	host := ctx.Map.Get(n.Host.Self)
	ctx.WithLock(host, func() {
		ctx.Update(host, []types.PropertyChange{
			{Name: "config.network.portgroup", Val: slices.Clone(list)},
			{Name: "config.network.vswitch", Val: slices.Clone(switches)},
		})
	})
}
