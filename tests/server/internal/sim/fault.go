package sim

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

// NewFault makes an empty fault of a type of the API.
func NewFault(name string) (types.BaseMethodFault, error) {
	if t, ok := types.TypeFunc()(name); ok {
		if fault, ok := reflect.New(t).Interface().(types.BaseMethodFault); ok {
			return fault, nil
		}
	}
	return nil, fmt.Errorf("%q is not the name of a fault", name)
}

// SystemError is the fault of a server that has failed within.
func SystemError(reason string) types.BaseMethodFault {
	return &types.SystemError{Reason: reason}
}

// Message returns what a vCenter says to people about a fault.
func Message(fault types.BaseMethodFault) string {
	switch f := fault.(type) {
	case *types.InvalidPowerState:
		return fmt.Sprintf("The attempted operation cannot be performed in the current state (%s).", powerStates[f.ExistingState])
	case *types.DuplicateName:
		return fmt.Sprintf("The name '%s' already exists.", f.Name)
	case *types.AlreadyExists:
		return fmt.Sprintf("The specified key, name, or identifier '%s' already exists.", f.Name)
	case *types.ResourceInUse:
		return fmt.Sprintf("The resource '%s' is in use.", f.Name)
	case *types.ManagedObjectNotFound:
		return fmt.Sprintf("The object 'vim.%s:%s' has already been deleted or has not been completely created", f.Obj.Type, f.Obj.Value)
	case *types.InvalidArgument:
		return "A specified parameter was not correct: " + f.InvalidProperty
	case *types.InvalidDeviceSpec:
		return fmt.Sprintf("Invalid configuration for device '%d'.", f.DeviceIndex)
	case *types.InvalidDatastorePath:
		return fmt.Sprintf("Invalid datastore path '%s'.", f.DatastorePath)
	case *types.SystemError:
		return "A general system error occurred: " + f.Reason
	case *types.FileAlreadyExists:
		return fmt.Sprintf("Cannot complete the operation because the file or folder %s already exists", f.File)
	}
	name := reflect.TypeOf(fault).Elem().Name()
	if text, ok := messages[name]; ok {
		return text
	}
	return name
}

var powerStates = map[types.VirtualMachinePowerState]string{
	types.VirtualMachinePowerStatePoweredOn:  "Powered on",
	types.VirtualMachinePowerStatePoweredOff: "Powered off",
	types.VirtualMachinePowerStateSuspended:  "Suspended",
}

var messages = map[string]string{
	"ConcurrentAccess":         "Cannot complete the operation due to concurrent modification by another operation.",
	"HostConfigFault":          "An error occurred during host configuration.",
	"InsufficientStorageSpace": "Insufficient disk space on datastore.",
	"InvalidCollectorVersion":  "Invalid collector version.",
	"InvalidLogin":             "Cannot complete login due to an incorrect user name or password.",
	"InvalidState":             "The operation is not allowed in the current state.",
	"NoPermission":             "Permission to perform this operation was denied.",
	"NotAuthenticated":         "The session is not authenticated.",
	"NotFound":                 "The object or item referred to could not be found.",
	"NotSupported":             "The operation is not supported on the object.",
	"RequestCanceled":          "The task was canceled by a user.",
	"TaskInProgress":           "The operation cannot be performed because another task is in progress.",
	"Timedout":                 "Operation timed out.",
}
