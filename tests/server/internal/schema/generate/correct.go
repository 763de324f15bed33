package main

// abstractTypes are those that the reference calls abstract or the base of others, and that
// no call accepts as they are: where one is declared, xsi:type must name another.
var abstractTypes = []string{
	"Action",
	"AlarmExpression",
	"ClusterDasAdmissionControlPolicy",
	"CryptoSpec",
	"CustomizationIdentitySettings",
	"CustomizationIpGenerator",
	"CustomizationIpV6Generator",
	"GuestAuthentication",
	"HostSystemSwapConfigurationSystemSwapOption",
	"IpAddress",
	"MacAddress",
	"OptionType",
	"RecurrentTaskScheduler",
	"ServiceLocatorCredential",
	"TaskScheduler",
	"VirtualController",
	"VirtualDevice",
	"VirtualDeviceBackingInfo",
	"VirtualDeviceDeviceBackingInfo",
	"VirtualDeviceFileBackingInfo",
	"VirtualDeviceRemoteDeviceBackingInfo",
	"VirtualEthernetCard",
	"VirtualSCSIController",
	"VmfsDatastoreSpec",
}

// internalTypes are managed types that the reference does not have; esxcli works through them.
var internalTypes = []string{"InternalDynamicTypeManager", "ManagedMethodExecuter"}

// correct changes what the Go types say otherwise than the API reference.
func (a *api) correct() {
	for _, name := range internalTypes {
		a.Parents[name] = ""
	}
	for _, c := range corrections {
		t := a.Structs[c.goType]
		for i := range t.Fields {
			if t.Fields[i].Name == c.field {
				t.Fields[i].Optional = c.optional
			}
		}
	}
}

// corrections are where the Go types and the published type information (pyvmomi 9.1) differ
// about what is optional. In Go a value of type anyType is an interface, which can be nil
// without being optional.
var corrections = []struct {
	goType, field string
	optional      bool
}{
	{"HostAssignableHardwareConfigAttributeOverride", "value", true},
	{"HostLowLevelProvisioningManagerDiskLayoutSpec", "unitNumber", false},
	{"MethodActionArgument", "value", true},
	{"OptionValue", "value", true},
	{"PropertyChange", "val", true},
	{"VirtualMachineAffinityInfo", "affinitySet", true},
}
