package sim

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// machine checks a change as a whole before anything is changed.
type machine struct {
	*simulator.VirtualMachine
}

// Entity shows the simulator what it looks at before a call. See shown.
func (m *machine) Entity() *mo.ManagedEntity { return shown(m.VirtualMachine.Entity()) }

// ReconfigVMTask implements ReconfigVM_Task.
func (m *machine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	vm := m.VirtualMachine
	plan := planOf(ctx)
	var before *types.VirtualMachineConfigInfo
	plan.check = func(ctx *simulator.Context) types.BaseMethodFault {
		before = copyOf(vm.Config)
		return checkReconfigure(ctx, vm, &req.Spec)
	}
	plan.after = func(ctx *simulator.Context, _ types.AnyType) {
		tidyNetworks(ctx, vm)
		tellChanges(ctx, vm, before)
	}
	return vm.ReconfigVMTask(ctx, req)
}

// CloneVMTask implements CloneVM_Task: a copy has the extraConfig of its source, with what the
// request's own configuration says laid over it.
func (m *machine) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	config := types.VirtualMachineConfigSpec{}
	if req.Spec.Config != nil {
		config = *req.Spec.Config
	}
	config.ExtraConfig = overlaid(m.Config.ExtraConfig, config.ExtraConfig)
	req.Spec.Config = &config
	return m.VirtualMachine.CloneVMTask(ctx, req)
}

// overlaid returns the options of under that over does not have, then those of over.
func overlaid(under, over []types.BaseOptionValue) []types.BaseOptionValue {
	kept := slices.DeleteFunc(slices.Clone(under), func(o types.BaseOptionValue) bool {
		return slices.ContainsFunc(over, func(n types.BaseOptionValue) bool {
			return n.GetOptionValue().Key == o.GetOptionValue().Key
		})
	})
	return append(kept, over...)
}

// RenameTask implements Rename_Task.
func (m *machine) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	planOf(ctx).check = func(ctx *simulator.Context) types.BaseMethodFault {
		return checkRename(ctx, m.VirtualMachine, req.NewName)
	}
	return m.VirtualMachine.RenameTask(ctx, req)
}

func checkReconfigure(ctx *simulator.Context, vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.ChangeVersion != "" && spec.ChangeVersion != vm.Config.ChangeVersion {
		return &types.ConcurrentAccess{}
	}
	if spec.Name != "" {
		if fault := checkRename(ctx, vm, spec.Name); fault != nil {
			return fault
		}
	}
	if fault := checkConfig(spec); fault != nil {
		return fault
	}
	if fault := checkRunning(vm, spec); fault != nil {
		return fault
	}
	spec.ExtraConfig = slices.DeleteFunc(spec.ExtraConfig, func(o types.BaseOptionValue) bool {
		return isRemovalOfNothing(vm, o.GetOptionValue())
	})
	host := ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	return checkDevices(ctx, vm.Config.Hardware.Device, spec.DeviceChange, host)
}

// checkConfig checks what does not depend on the machine.
func checkConfig(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.GuestId != "" && !slices.Contains(simulator.GuestID, types.VirtualMachineGuestOsIdentifier(spec.GuestId)) {
		return &types.InvalidArgument{InvalidProperty: "configSpec.guestId"}
	}
	// The limits of hardware version 21, which is that of 8.0.2 and later.
	if spec.NumCPUs < 0 || spec.NumCPUs > 768 {
		return &types.InvalidArgument{InvalidProperty: "configSpec.numCPUs"}
	}
	if spec.MemoryMB < 0 || spec.MemoryMB > 24<<20 || spec.MemoryMB%4 != 0 {
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"}
	}
	return nil
}

// checkRunning checks what the power state forbids.
func checkRunning(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
		return nil
	}
	now := vm.Config
	cpus, memory := spec.NumCPUs-now.Hardware.NumCPU, spec.MemoryMB-int64(now.Hardware.MemoryMB)
	switch {
	case spec.NumCPUs != 0 && (cpus > 0 && !isTrue(now.CpuHotAddEnabled) || cpus < 0 && !isTrue(now.CpuHotRemoveEnabled)):
		return &types.CpuHotPlugNotSupported{}
	case spec.MemoryMB != 0 && (memory > 0 && !isTrue(now.MemoryHotAddEnabled) || memory < 0):
		return &types.MemoryHotPlugNotSupported{}
	case flips(spec.CpuHotAddEnabled, now.CpuHotAddEnabled),
		flips(spec.CpuHotRemoveEnabled, now.CpuHotRemoveEnabled),
		flips(spec.MemoryHotAddEnabled, now.MemoryHotAddEnabled),
		flips(spec.NestedHVEnabled, now.NestedHVEnabled),
		differs(spec.GuestId, now.GuestId),
		differs(spec.Version, now.Version),
		differs(spec.Firmware, now.Firmware):
		return &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff,
			ExistingState:  vm.Runtime.PowerState,
		}
	}
	return nil
}

func isTrue(b *bool) bool             { return b != nil && *b }
func flips(wanted, now *bool) bool    { return wanted != nil && *wanted != isTrue(now) }
func differs(wanted, now string) bool { return wanted != "" && wanted != now }
func copyOf[T any](p *T) *T           { c := *p; return &c }

// isRemovalOfNothing says whether an entry of extraConfig removes a key that is not there.
func isRemovalOfNothing(vm *simulator.VirtualMachine, o *types.OptionValue) bool {
	if text, ok := o.Value.(string); o.Value != nil && (!ok || text != "") {
		return false
	}
	return !slices.ContainsFunc(vm.Config.ExtraConfig, func(have types.BaseOptionValue) bool {
		return have.GetOptionValue().Key == o.Key
	})
}

// tidyNetworks makes the list of a machine's networks that of its cards, each once: the
// simulator lists one for each card, and forgets it with the first card that goes.
func tidyNetworks(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	var networks []ref
	for _, device := range vm.Config.Hardware.Device {
		card, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		var id ref
		switch backing := card.GetVirtualEthernetCard().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			if backing.Network != nil {
				id = *backing.Network
			}
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			id = ref{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
		}
		if id.Value != "" && !slices.Contains(networks, id) {
			networks = append(networks, id)
		}
	}
	if !slices.Equal(networks, vm.Network) {
		setRefs(ctx, vm, "network", networks)
	}
}

// tellChanges reports those changes of a configuration that the simulator makes silently.
func tellChanges(ctx *simulator.Context, vm *simulator.VirtualMachine, before *types.VirtualMachineConfigInfo) {
	var changes []types.PropertyChange
	add := func(name string, differs bool, value any) {
		if differs {
			changes = append(changes, types.PropertyChange{Name: name, Val: value})
		}
	}
	now := vm.Config
	add("name", before.Name != now.Name, now.Name)
	add("config.name", before.Name != now.Name, now.Name)
	add("config.annotation", before.Annotation != now.Annotation, now.Annotation)
	add("config.guestId", before.GuestId != now.GuestId, now.GuestId)
	add("config.hardware.numCPU", before.Hardware.NumCPU != now.Hardware.NumCPU, now.Hardware.NumCPU)
	add("config.hardware.memoryMB", before.Hardware.MemoryMB != now.Hardware.MemoryMB, now.Hardware.MemoryMB)
	add("summary.config.numCpu", before.Hardware.NumCPU != now.Hardware.NumCPU, now.Hardware.NumCPU)
	add("summary.config.memorySizeMB", before.Hardware.MemoryMB != now.Hardware.MemoryMB, now.Hardware.MemoryMB)
	if len(changes) > 0 {
		ctx.Update(vm, changes)
	}
}
