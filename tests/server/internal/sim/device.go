package sim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// checkDevices checks changes of devices against those that a machine has, and against the
// networks of its host. The simulator skips some mistakes silently, and panics at others.
func checkDevices(ctx *simulator.Context, have []types.BaseVirtualDevice, changes []types.BaseVirtualDeviceConfigSpec, host *simulator.HostSystem) types.BaseMethodFault {
	keys := map[int32]types.BaseVirtualDevice{}
	for _, d := range have {
		keys[d.GetVirtualDevice().Key] = d
	}
	for i, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		invalid := types.InvalidDeviceSpec{DeviceIndex: int32(i)}
		if spec.Device == nil {
			return &invalid
		}
		key := spec.Device.GetVirtualDevice().Key
		switch spec.Operation {
		case types.VirtualDeviceConfigSpecOperationEdit, types.VirtualDeviceConfigSpecOperationRemove:
			if keys[key] == nil {
				return &invalid
			}
		case types.VirtualDeviceConfigSpecOperationAdd:
			keys[key] = spec.Device
			if !attachable(spec.Device, keys) {
				return &invalid
			}
		}
		if spec.Operation != types.VirtualDeviceConfigSpecOperationRemove && !hasNetwork(ctx, spec.Device, host) {
			return &types.InvalidDeviceBacking{InvalidDeviceSpec: invalid}
		}
	}
	return nil
}

// attachable says whether a new disk names a controller, which may be new too, and a unit that
// this kind of controller has for disks.
func attachable(device types.BaseVirtualDevice, devices map[int32]types.BaseVirtualDevice) bool {
	disk, ok := device.(*types.VirtualDisk)
	if !ok {
		return true
	}
	controller, ok := devices[disk.ControllerKey].(types.BaseVirtualController)
	if !ok {
		return false
	}
	if disk.UnitNumber == nil {
		return true // the simulator reports that
	}
	unit := *disk.UnitNumber
	switch controller.(type) {
	case types.BaseVirtualSCSIController:
		return unit >= 0 && unit < 16 && unit != 7 // 7 is the controller's own
	case *types.VirtualIDEController:
		return unit >= 0 && unit < 2
	case types.BaseVirtualSATAController:
		return unit >= 0 && unit < 30
	}
	return unit >= 0
}

// hasNetwork says whether the host has the network that a card is on; other devices need none.
func hasNetwork(ctx *simulator.Context, device types.BaseVirtualDevice, host *simulator.HostSystem) bool {
	card, ok := device.(types.BaseVirtualEthernetCard)
	if !ok {
		return true
	}
	switch backing := card.GetVirtualEthernetCard().Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		found := ctx.Map.FindByName(backing.DeviceName, host.Network)
		return found != nil && found.Reference().Type == "Network"
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		id := ref{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
		return ctx.Map.Get(id) != nil
	}
	return true
}
