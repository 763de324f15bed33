package main

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func (v *vcenter) networkSystem(host *object.HostSystem) *object.HostNetworkSystem {
	v.Helper()
	system, err := host.ConfigManager().NetworkSystem(v.ctx)
	v.ok(err)
	return system
}

func portgroup(name string, vlan int32) types.HostPortGroupSpec {
	return types.HostPortGroupSpec{Name: name, VlanId: vlan, VswitchName: "vSwitch0"}
}

// network returns the one network of a name.
func (v *vcenter) network(name string) mo.Network {
	v.Helper()
	found, err := v.find.Network(v.ctx, name)
	v.ok(err)
	var n mo.Network
	v.get(found, &n, "name", "host", "vm", "summary")
	return n
}

func TestPortGroupsOfOneNameAreOneNetwork(t *testing.T) {
	v := start(t, nil)
	for _, name := range []string{"DC0_C0_H0", "DC0_C0_H1", "DC0_H0"} {
		v.ok(v.networkSystem(v.host(name)).AddPortGroup(v.ctx, portgroup("web", 120)))
	}
	n := v.network("web")
	if len(n.Host) != 3 || !slices.Contains(n.Host, v.host("DC0_C0_H1").Reference()) {
		t.Errorf("hosts: %v", n.Host)
	}
	var host mo.HostSystem
	v.get(v.host("DC0_C0_H1"), &host, "network")
	if !slices.Contains(host.Network, n.Self) {
		t.Errorf("the host does not list it: %v", host.Network)
	}
	cluster, err := v.find.ClusterComputeResource(v.ctx, "DC0_C0")
	v.ok(err)
	var compute mo.ClusterComputeResource
	v.get(cluster, &compute, "network")
	if !slices.Contains(compute.Network, n.Self) {
		t.Errorf("the cluster does not list it: %v", compute.Network)
	}
	fault[*types.AlreadyExists](v, v.networkSystem(v.host("DC0_C0_H0")).AddPortGroup(v.ctx, portgroup("web", 120)))
}

func TestPortGroupIsToldTheSameEverywhere(t *testing.T) {
	v := start(t, nil)
	host := v.host("DC0_C0_H0")
	system := v.networkSystem(host)
	spec := portgroup("web", 120)
	spec.Policy.Security = &types.HostNetworkSecurityPolicy{AllowPromiscuous: types.NewBool(true)}
	v.ok(system.AddPortGroup(v.ctx, spec))
	var info mo.HostNetworkSystem
	v.get(system, &info, "networkInfo")
	var config mo.HostSystem
	v.get(host, &config, "config.network")
	for _, list := range [][]types.HostPortGroup{info.NetworkInfo.Portgroup, config.Config.Network.Portgroup} {
		i := slices.IndexFunc(list, func(pg types.HostPortGroup) bool { return pg.Spec.Name == "web" })
		if i < 0 {
			t.Fatal("not listed")
		}
		pg := list[i]
		if pg.Key != "key-vim.host.PortGroup-web" || pg.Vswitch != "key-vim.host.VirtualSwitch-vSwitch0" || pg.Spec.VlanId != 120 {
			t.Errorf("%+v", pg)
		}
		security := pg.ComputedPolicy.Security
		if !*security.AllowPromiscuous || !*security.ForgedTransmits {
			t.Errorf("computed policy: %+v", security)
		}
	}
	if !slices.Contains(info.NetworkInfo.Vswitch[0].Portgroup, "key-vim.host.PortGroup-web") {
		t.Errorf("the switch does not list it: %v", info.NetworkInfo.Vswitch[0].Portgroup)
	}
}

func TestUpdatePortGroup(t *testing.T) {
	v := start(t, nil)
	system := v.networkSystem(v.host("DC0_C0_H0"))
	v.ok(system.AddPortGroup(v.ctx, portgroup("web", 120)))
	v.ok(system.UpdatePortGroup(v.ctx, "web", portgroup("web", 130)))
	var info mo.HostNetworkSystem
	v.get(system, &info, "networkInfo.portgroup")
	if pg := info.NetworkInfo.Portgroup[2]; pg.Spec.VlanId != 130 {
		t.Errorf("%+v", pg.Spec)
	}
	fault[*types.NotFound](v, system.UpdatePortGroup(v.ctx, "none", portgroup("none", 1)))
	fault[*types.AlreadyExists](v, system.UpdatePortGroup(v.ctx, "web", portgroup("VM Network", 1)))
	f := fault[*types.InvalidArgument](v, system.UpdatePortGroup(v.ctx, "web", portgroup("web", 4096)))
	v.contains(f.InvalidProperty, "vlanId")
	v.ok(system.UpdatePortGroup(v.ctx, "web", portgroup("app", 130)))
	if n := v.network("app"); len(n.Host) != 1 {
		t.Errorf("%v", n.Host)
	}
	if found, err := v.find.NetworkList(v.ctx, "web"); err == nil {
		t.Errorf("the network of the old name is still there: %v", found)
	}
}

func TestPortGroupInUseStays(t *testing.T) {
	v := start(t, nil)
	host := v.host("DC0_C0_H1")
	for _, h := range []*object.HostSystem{host, v.host("DC0_C0_H0")} {
		v.ok(v.networkSystem(h).AddPortGroup(v.ctx, portgroup("web", 120)))
	}
	vm, err := v.create(v.folder("f"), spec("m", "web"), host)
	v.ok(err)
	if n := v.network("web"); !slices.Contains(n.Vm, vm.Reference()) {
		t.Errorf("vm: %v", n.Vm)
	}
	used := fault[*types.ResourceInUse](v, v.networkSystem(host).RemovePortGroup(v.ctx, "web"))
	if used.Name != "web" {
		t.Errorf("%+v", used)
	}
	v.ok(v.networkSystem(v.host("DC0_C0_H0")).RemovePortGroup(v.ctx, "web"))
	v.ok(v.await(vm.Destroy(v.ctx)))
	if n := v.network("web"); len(n.Vm) != 0 || len(n.Host) != 1 {
		t.Errorf("vm: %v, host: %v", n.Vm, n.Host)
	}
	v.ok(v.networkSystem(host).RemovePortGroup(v.ctx, "web"))
	if found, err := v.find.NetworkList(v.ctx, "web"); err == nil {
		t.Errorf("no host has it, but it is there: %v", found)
	}
	fault[*types.NotFound](v, v.networkSystem(host).RemovePortGroup(v.ctx, "web"))
}

func TestNetworkSystemsAreReachedFromTheirHosts(t *testing.T) {
	v := start(t, nil)
	cluster, err := v.find.ClusterComputeResource(v.ctx, "DC0_C0")
	v.ok(err)
	host := &types.TraversalSpec{Type: "HostSystem", Path: "configManager.networkSystem"}
	hosts := &types.TraversalSpec{Type: "ComputeResource", Path: "host", SelectSet: []types.BaseSelectionSpec{host}}
	res, err := v.Client.PropertyCollector().RetrieveProperties(v.ctx, types.RetrieveProperties{
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: cluster.Reference(), SelectSet: []types.BaseSelectionSpec{hosts}}},
			PropSet:   []types.PropertySpec{{Type: "HostNetworkSystem", PathSet: []string{"networkInfo.portgroup"}}},
		}},
	})
	v.ok(err)
	if len(res.Returnval) != 3 {
		t.Fatalf("%d network systems", len(res.Returnval))
	}
	list := res.Returnval[0].PropSet[0].Val.(types.ArrayOfHostPortGroup).HostPortGroup
	if len(list) != 2 || list[0].Spec.Name != "VM Network" {
		t.Errorf("%+v", list)
	}
}
