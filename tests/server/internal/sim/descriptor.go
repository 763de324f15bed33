package sim

import (
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// describer describes machines as OVF, which the simulator does not.
type describer struct {
	*simulator.OvfManager
}

// Reference implements mo.Reference.
func (d *describer) Reference() types.ManagedObjectReference { return d.OvfManager.Self }

// part is a file of a package, and the disk in it.
type part struct {
	types.OvfFile
	ID       string
	Capacity int64 // KiB
}

var descriptor = template.Must(template.New("ovf").Funcs(template.FuncMap{"xml": asXML}).Parse(xml.Header +
	`<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"` +
	` xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"` +
	` xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>{{range .Parts}}
    <File ovf:id="file-{{.ID}}" ovf:href="{{xml .Path}}" ovf:size="{{.Size}}"/>{{end}}
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>{{range .Parts}}
    <Disk ovf:diskId="{{.ID}}" ovf:fileRef="file-{{.ID}}" ovf:capacity="{{.Capacity}}" ovf:capacityAllocationUnits="byte * 2^10"` +
	` ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>{{end}}
  </DiskSection>
  <VirtualSystem ovf:id="{{xml .Name}}">
    <Info>A virtual machine</Info>
    <Name>{{xml .Name}}</Name>
    <OperatingSystemSection ovf:id="1" ovf:osType="{{xml .Guest}}"><Info>The operating system</Info></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{{xml .Name}}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{{xml .Version}}</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:ElementName>{{.CPUs}} virtual CPUs</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>{{.CPUs}}</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>{{.Memory}} MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>{{.Memory}}</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI controller</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>{{range $i, $p := .Parts}}
      <Item>
        <rasd:AddressOnParent>{{$i}}</rasd:AddressOnParent>
        <rasd:ElementName>Disk {{$i}}</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/{{.ID}}</rasd:HostResource>
        <rasd:InstanceID>1{{$i}}</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>{{end}}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`))

func asXML(text string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(text))
	return b.String(), err
}

// CreateDescriptor implements the method of that name, for machines and their disks.
func (d *describer) CreateDescriptor(ctx *simulator.Context, req *types.CreateDescriptor) soap.HasFault {
	body := &methods.CreateDescriptorBody{}
	vm, ok := ctx.Map.Get(req.Obj).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "obj"})
		return body
	}
	name := req.Cdp.Name
	if name == "" {
		name = vm.Name
	}
	var text strings.Builder
	err := descriptor.Execute(&text, map[string]any{
		"Name": name, "Guest": vm.Config.GuestId, "Version": vm.Config.Version, "CPUs": vm.Config.Hardware.NumCPU,
		"Memory": vm.Config.Hardware.MemoryMB, "Parts": partsOf(vm, req.Cdp.OvfFiles),
	})
	if err != nil {
		body.Fault_ = simulator.Fault(err.Error(), SystemError(err.Error()))
		return body
	}
	body.Res = &types.CreateDescriptorResponse{Returnval: types.OvfCreateDescriptorResult{OvfDescriptor: text.String()}}
	return body
}

// partsOf pairs files with the disks of a machine, by their order.
func partsOf(vm *simulator.VirtualMachine, files []types.OvfFile) []part {
	var disks []*types.VirtualDisk
	for _, device := range vm.Config.Hardware.Device {
		if disk, ok := device.(*types.VirtualDisk); ok {
			disks = append(disks, disk)
		}
	}
	parts := []part{}
	for i, file := range files {
		p := part{OvfFile: file, ID: fmt.Sprintf("vmdisk%d", i+1)}
		if i < len(disks) {
			p.Capacity = disks[i].CapacityInKB
		}
		parts = append(parts, p)
	}
	return parts
}

var _ mo.Reference = (*describer)(nil)
