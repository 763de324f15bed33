package main

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// disk adds a disk, and its controller, to a spec.
func disk(s *types.VirtualMachineConfigSpec, unit int32, backing *types.VirtualDiskFlatVer2BackingInfo) {
	controller := &types.ParaVirtualSCSIController{}
	controller.Key, controller.SharedBus = -10, types.VirtualSCSISharingNoSharing
	d := &types.VirtualDisk{CapacityInKB: 1 << 20}
	d.Key, d.ControllerKey, d.UnitNumber, d.Backing = -11, -10, &unit, backing
	s.DeviceChange = append(s.DeviceChange,
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: controller},
		&types.VirtualDeviceConfigSpec{
			Operation:     types.VirtualDeviceConfigSpecOperationAdd,
			FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate,
			Device:        d,
		})
}

func thin() *types.VirtualDiskFlatVer2BackingInfo {
	return &types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent", ThinProvisioned: types.NewBool(true)}
}

func TestNewMachineIsAsTheSpecSays(t *testing.T) {
	v := start(t, nil)
	s := spec("m", "VM Network")
	s.Annotation, s.InstanceUuid = "hello", "5025ae8b-7b5f-4b2e-9d53-1d6c8a1f0001"
	s.ExtraConfig = []types.BaseOptionValue{&types.OptionValue{Key: "a.b", Value: "c"}}
	disk(&s, 0, thin())
	vm, err := v.create(v.folder("f"), s, nil)
	v.ok(err)
	var got mo.VirtualMachine
	v.get(vm, &got, "config", "network", "summary.config")
	c := got.Config
	if c.Hardware.NumCPU != 2 || c.Hardware.MemoryMB != 1024 || c.Annotation != "hello" ||
		c.GuestId != "debian12_64Guest" || c.InstanceUuid != s.InstanceUuid || c.ChangeVersion == "" {
		t.Errorf("%+v", c)
	}
	if value, _ := object.OptionValueList(c.ExtraConfig).GetString("a.b"); value != "c" {
		t.Errorf("extraConfig: %v", c.ExtraConfig)
	}
	devices := object.VirtualDeviceList(c.Hardware.Device)
	d := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk)
	if d.CapacityInBytes != 1<<30 || !*d.Backing.(*types.VirtualDiskFlatVer2BackingInfo).ThinProvisioned {
		t.Errorf("disk: %+v", d)
	}
	card := devices.SelectByType((*types.VirtualEthernetCard)(nil))[0].GetVirtualDevice()
	backing := card.Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
	if backing.DeviceName != "VM Network" || len(got.Network) != 1 || *backing.Network != got.Network[0] {
		t.Errorf("card: %+v, networks: %v", backing, got.Network)
	}
}

func TestNewMachineIsOnAHostThatHasItsNetwork(t *testing.T) {
	v := start(t, nil)
	v.ok(v.networkSystem(v.host("DC0_C0_H2")).AddPortGroup(v.ctx, portgroup("web", 1)))
	vm, err := v.create(v.folder("f"), spec("m", "web"), nil)
	v.ok(err)
	host, err := vm.HostSystem(v.ctx)
	v.ok(err)
	if host.Reference() != v.host("DC0_C0_H2").Reference() {
		t.Errorf("it is on %v", host)
	}
	_, err = v.create(v.folder("g"), spec("n", "web"), v.host("DC0_C0_H0"))
	fault[*types.InvalidDeviceBacking](v, err)
}

func TestRefusesAWrongSpec(t *testing.T) {
	v := start(t, nil)
	folder := v.folder("f")
	refused := func(change func(*types.VirtualMachineConfigSpec)) error {
		s := spec("m", "VM Network")
		change(&s)
		_, err := v.create(folder, s, nil)
		return err
	}
	fault[*types.InvalidArgument](v, refused(func(s *types.VirtualMachineConfigSpec) { s.GuestId = "beos" }))
	fault[*types.InvalidArgument](v, refused(func(s *types.VirtualMachineConfigSpec) { s.NumCPUs = 4096 }))
	fault[*types.InvalidArgument](v, refused(func(s *types.VirtualMachineConfigSpec) { s.MemoryMB = 1023 }))
	fault[*types.InvalidDatastorePath](v, refused(func(s *types.VirtualMachineConfigSpec) { s.Files.VmPathName = "[none]" }))
	fault[*types.InvalidDeviceSpec](v, refused(func(s *types.VirtualMachineConfigSpec) { disk(s, 7, thin()) }))
	fault[*types.InvalidDeviceSpec](v, refused(func(s *types.VirtualMachineConfigSpec) {
		disk(s, 0, thin())
		s.DeviceChange = append(s.DeviceChange[:1], s.DeviceChange[2:]...) // no controller
	}))
	f := fault[*types.InvalidDeviceBacking](v, refused(func(s *types.VirtualMachineConfigSpec) {
		s.DeviceChange = append(s.DeviceChange, spec("", "none").DeviceChange...)
	}))
	if f.DeviceIndex != 1 {
		t.Errorf("%+v", f)
	}
	var got mo.Folder
	v.get(folder, &got, "childEntity")
	if len(got.ChildEntity) != 0 {
		t.Errorf("left behind: %v", got.ChildEntity)
	}
}

func TestRunningMachineTakesOnlyWhatItMay(t *testing.T) {
	v := start(t, nil)
	vm, err := v.create(v.folder("f"), spec("m", "VM Network"), nil)
	v.ok(err)
	change := func(s types.VirtualMachineConfigSpec) error { return v.await(vm.Reconfigure(v.ctx, s)) }
	v.ok(v.await(vm.PowerOn(v.ctx)))
	fault[*types.CpuHotPlugNotSupported](v, change(types.VirtualMachineConfigSpec{NumCPUs: 4}))
	fault[*types.MemoryHotPlugNotSupported](v, change(types.VirtualMachineConfigSpec{MemoryMB: 2048}))
	fault[*types.InvalidPowerState](v, change(types.VirtualMachineConfigSpec{CpuHotAddEnabled: types.NewBool(true)}))
	fault[*types.InvalidPowerState](v, change(types.VirtualMachineConfigSpec{GuestId: "otherGuest"}))
	v.ok(change(types.VirtualMachineConfigSpec{NumCPUs: 2, MemoryMB: 1024, Annotation: "x"})) // as it is
	v.ok(v.await(vm.PowerOff(v.ctx)))
	v.ok(change(types.VirtualMachineConfigSpec{CpuHotAddEnabled: types.NewBool(true), MemoryHotAddEnabled: types.NewBool(true)}))
	v.ok(v.await(vm.PowerOn(v.ctx)))
	v.ok(change(types.VirtualMachineConfigSpec{NumCPUs: 4, MemoryMB: 2048}))
	fault[*types.CpuHotPlugNotSupported](v, change(types.VirtualMachineConfigSpec{NumCPUs: 2}))
	fault[*types.MemoryHotPlugNotSupported](v, change(types.VirtualMachineConfigSpec{MemoryMB: 1024}))
	var got mo.VirtualMachine
	v.get(vm, &got, "config.hardware")
	if got.Config.Hardware.NumCPU != 4 || got.Config.Hardware.MemoryMB != 2048 {
		t.Errorf("%+v", got.Config.Hardware)
	}
}

func TestChangeVersionGuardsAChange(t *testing.T) {
	v := start(t, nil)
	vm := v.vm("DC0_C0_RP0_VM0")
	var before, after mo.VirtualMachine
	v.get(vm, &before, "config.changeVersion")
	seen := types.VirtualMachineConfigSpec{ChangeVersion: before.Config.ChangeVersion, Annotation: "x"}
	v.ok(v.await(vm.Reconfigure(v.ctx, seen)))
	v.get(vm, &after, "config.changeVersion", "config.annotation")
	if after.Config.ChangeVersion == before.Config.ChangeVersion || after.Config.Annotation != "x" {
		t.Errorf("%+v", after.Config)
	}
	seen.Annotation = "y"
	fault[*types.ConcurrentAccess](v, v.await(vm.Reconfigure(v.ctx, seen)))
}

func TestReconfigureIsAllOrNothing(t *testing.T) {
	v := start(t, nil)
	vm, err := v.create(v.folder("f"), spec("m", "VM Network"), nil)
	v.ok(err)
	s := types.VirtualMachineConfigSpec{NumCPUs: 8, DeviceChange: spec("", "none").DeviceChange}
	fault[*types.InvalidDeviceBacking](v, v.await(vm.Reconfigure(v.ctx, s)))
	gone := &types.VirtualDisk{}
	gone.Key = 9999
	s.DeviceChange = []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: gone},
	}
	fault[*types.InvalidDeviceSpec](v, v.await(vm.Reconfigure(v.ctx, s)))
	var got mo.VirtualMachine
	v.get(vm, &got, "config.hardware.numCPU")
	if got.Config.Hardware.NumCPU != 2 {
		t.Errorf("%d cpus", got.Config.Hardware.NumCPU)
	}
}

func TestNetworksOfAMachineAreThoseOfItsCards(t *testing.T) {
	v := start(t, nil)
	s := spec("m", "VM Network")
	second := spec("", "VM Network").DeviceChange
	second[0].GetVirtualDeviceConfigSpec().Device.GetVirtualDevice().Key = -2
	s.DeviceChange = append(s.DeviceChange, second...)
	vm, err := v.create(v.folder("f"), s, nil)
	v.ok(err)
	var got mo.VirtualMachine
	v.get(vm, &got, "network")
	if len(got.Network) != 1 {
		t.Errorf("two cards: %v", got.Network)
	}
	devices, err := vm.Device(v.ctx)
	v.ok(err)
	v.ok(vm.RemoveDevice(v.ctx, false, devices.SelectByType((*types.VirtualEthernetCard)(nil))[0]))
	v.get(vm, &got, "network")
	if len(got.Network) != 1 {
		t.Errorf("one card left: %v", got.Network)
	}
}

func TestExtraConfigByKey(t *testing.T) {
	v := start(t, nil)
	vm := v.vm("DC0_C0_RP0_VM0")
	set := func(key, value string) {
		t.Helper()
		o := []types.BaseOptionValue{&types.OptionValue{Key: key, Value: value}}
		v.ok(v.await(vm.Reconfigure(v.ctx, types.VirtualMachineConfigSpec{ExtraConfig: o})))
	}
	set("perilune.owner", "me")
	set("nothing", "") // removing what is not there adds nothing
	read := func(path string) []types.DynamicProperty {
		t.Helper()
		var content []types.ObjectContent
		v.ok(v.Client.Retrieve(v.ctx, []types.ManagedObjectReference{vm.Reference()}, []string{path}, &content))
		if len(content[0].MissingSet) != 0 {
			t.Fatalf("%s: %v", path, content[0].MissingSet[0].Fault.Fault)
		}
		return content[0].PropSet
	}
	if got := read(`config.extraConfig["perilune.owner"].value`); len(got) != 1 || got[0].Val != "me" {
		t.Errorf("%v", got)
	}
	for _, path := range []string{`config.extraConfig["nothing"].value`, `config.extraConfig["none"]`} {
		if got := read(path); len(got) != 0 {
			t.Errorf("%s: %v", path, got)
		}
	}
}
