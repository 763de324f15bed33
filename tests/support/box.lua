--- An OVF package for tests: a box with one disk of any size.
local digest = require "perilune.c.digest"

local box = {}

local DESCRIPTOR = [[
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:href="box-disk1.vmdk" ovf:id="file1" ovf:size="SIZE"/></References>
  <DiskSection><Info>disks</Info>
    <Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1" ovf:fileRef="file1"
    ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
  <NetworkSection><Info>networks</Info><Network ovf:name="inside"><Description>inside</Description></Network>
    </NetworkSection>
  <VirtualSystem ovf:id="box"><Info>a box</Info><Name>box</Name>
    <OperatingSystemSection ovf:id="101" ovf:osType="debian12_64Guest"><Info>os</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>hardware</Info>
      <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>box</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item><rasd:ElementName>1 cpu</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>64</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:ElementName>SCSI</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>disk</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>inside</rasd:Connection><rasd:ElementName>net</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
]]

--- The descriptor, with the disk's name and size.
function box.descriptor(size, disk)
  return (DESCRIPTOR:gsub("box%-disk1%.vmdk", disk or "box-disk1.vmdk"):gsub("SIZE", ("%d"):format(size)))
end

function box.write(path, bytes)
  local to = assert(io.open(path, "wb"))
  to:write(bytes)
  to:close()
end

function box.read(path)
  local from = assert(io.open(path, "rb"))
  local bytes = from:read "a"
  from:close()
  return bytes
end

function box.manifest(files)
  local lines = {}
  for i, one in ipairs(files) do
    lines[i] = ("SHA256(%s)= %s\n"):format(one[1], digest.sha256(one[2]))
  end
  return table.concat(lines)
end

--- Writes box.ovf, box.mf and box-disk1.vmdk into a folder, and box.ova of them, with tar.
---@param order string?  of the archive's files, as shell words
function box.make(folder, disk, order)
  local descriptor = box.descriptor(#disk)
  box.write(folder .. "/box.ovf", descriptor)
  box.write(folder .. "/box-disk1.vmdk", disk)
  box.write(folder .. "/box.mf", box.manifest { { "box.ovf", descriptor }, { "box-disk1.vmdk", disk } })
  assert(os.execute(("cd %s && tar --format=ustar -cf box.ova %s"):format(
    folder, order or "box.ovf box.mf box-disk1.vmdk")))
end

return box
