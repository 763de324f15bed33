// Command encode is the peer of tests/bench/encode.lua: it encodes the same
// CreateVM_Task requests as govmomi's client does before it sends one, and prints
// the least CPU time that one took, in microseconds.
package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"syscall"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const (
	count  = 3000
	rounds = 11
)

func reference(kind, value string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: kind, Value: value}
}

func add(device types.BaseVirtualDevice, file types.VirtualDeviceConfigSpecFileOperation) types.BaseVirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{
		Operation: types.VirtualDeviceConfigSpecOperationAdd, FileOperation: file, Device: device,
	}
}

func controller() types.BaseVirtualDevice {
	device := &types.ParaVirtualSCSIController{}
	device.Key, device.SharedBus = -101, types.VirtualSCSISharingNoSharing
	return device
}

func disk() types.BaseVirtualDevice {
	unit := int32(0)
	device := &types.VirtualDisk{CapacityInKB: 20971520}
	device.Key, device.ControllerKey, device.UnitNumber = -102, -101, &unit
	device.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[LocalDS_0]"},
		DiskMode:                     "persistent", ThinProvisioned: types.NewBool(true),
	}
	return device
}

func card() types.BaseVirtualDevice {
	network := reference("Network", "network-7")
	device := &types.VirtualVmxnet3{}
	device.Key, device.AddressType = -103, "generated"
	device.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
		Network:                        &network,
	}
	device.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true, Connected: true}
	return device
}

func build(i int) *types.CreateVM_Task {
	return &types.CreateVM_Task{
		This: reference("Folder", "group-v3"), Pool: reference("ResourcePool", "resgroup-8"),
		Config: types.VirtualMachineConfigSpec{
			Name: fmt.Sprintf("bench-%d", i), GuestId: "debian12_64Guest", NumCPUs: 2, MemoryMB: 4096,
			Annotation: "made by a bench", Files: &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
			DeviceChange: []types.BaseVirtualDeviceConfigSpec{
				add(controller(), ""), add(disk(), types.VirtualDeviceConfigSpecFileOperationCreate), add(card(), ""),
			},
			ExtraConfig: []types.BaseOptionValue{
				&types.OptionValue{Key: "guestinfo.a", Value: "1"}, &types.OptionValue{Key: "guestinfo.b", Value: "2"},
			},
		},
	}
}

func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

// encode does what soap.Client.RoundTrip does with a request.
func encode(request *types.CreateVM_Task) (int, error) {
	var body bytes.Buffer
	body.WriteString(xml.Header)
	err := xml.NewEncoder(&body).Encode(soap.Envelope{Body: methods.CreateVM_TaskBody{Req: request}})
	return body.Len(), err
}

func main() {
	requests := make([]*types.CreateVM_Task, count)
	for i := range requests {
		requests[i] = build(i)
	}
	least, size := math.Inf(1), 0
	for range rounds {
		start := cpu()
		for _, request := range requests {
			n, err := encode(request)
			if err != nil {
				fmt.Fprintln(os.Stderr, "encode:", err)
				os.Exit(1)
			}
			size = n
		}
		least = min(least, (cpu()-start)/count*1e6)
	}
	fmt.Printf("%.2f %d\n", least, size)
}
