// Package sim corrects govmomi's simulator where it differs from the API reference.
//
// It changes nothing in that package. Methods are replaced by types that embed the
// simulator's: Registry.Handler is asked before each call, and puts such a type in the
// place of the object. Tasks and changes of objects are seen through the registry's
// RegisterObject callbacks.
package sim

import (
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Simulator is a corrected simulator.
type Simulator struct {
	registry *simulator.Registry
	service  *simulator.Service
	tasks    taskList
	tags     tagStore // nil: a host has no tags
	news     news
	events   eventLog
	adopting sync.Mutex // held while a session gets a collector of ours
	leases   leaseList

	// PlanTask is asked once for each call of a method that makes a task, and says
	// what that task should do beside its work. It may be nil, and may return nil.
	PlanTask func(method *simulator.Method) *TaskPlan

	// PageSize is how many objects an answer has at most if not the client asks for fewer; 0 for any number.
	PageSize int
}

// Install corrects the simulator of model, before anybody uses it.
func Install(service *simulator.Service) *Simulator {
	s := &Simulator{registry: service.Context.Map, service: service}
	s.tasks.init()
	s.leases = leaseList{timeout: 5 * time.Minute, byID: map[string]*lease{}}
	s.registry.AddHandler(s)
	for _, obj := range s.registry.AllReference("") {
		if n, ok := obj.(*simulator.HostNetworkSystem); ok {
			adoptNetworkInfo(n)
		}
	}
	s.linkNetworks()
	s.tags = findTags(service)
	s.events.open(service.Context)
	s.registry.Handler = s.handle
	return s
}

// handle chooses what serves a call. The object it returns is shown to the simulator
// through a registry of this call's session, because what a session holds, and
// otherwise the registry, takes precedence over what a Handler returns.
func (s *Simulator) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	s.planFor(ctx, method)
	if method.This.Type == "PropertyCollector" && ctx.Session != nil {
		s.adoptCollector(ctx, method.This)
		return nil, nil
	}
	replacement := s.replace(ctx, method)
	if replacement == nil {
		return nil, nil
	}
	if ctx.Session != nil { // before the login there is none
		overlay := simulator.NewRegistry()
		overlay.Put(replacement)
		ctx.Session.Registry = overlay // ctx.Session is this call's own copy
	}
	return replacement, nil
}

// replace returns the corrected form of the object of a call, nil where the simulator's own does.
func (s *Simulator) replace(ctx *simulator.Context, call *simulator.Method) mo.Reference {
	method := call.Name
	switch obj := ctx.Map.Get(call.This).(type) {
	case *simulator.HostNetworkSystem:
		switch method {
		case "AddPortGroup", "UpdatePortGroup", "RemovePortGroup":
			return &hostNetworkSystem{obj}
		}
	case *simulator.Folder:
		switch method {
		case "CreateVM_Task", "Rename_Task", "MoveIntoFolder_Task", "Destroy_Task":
			return &folder{obj}
		}
	case *simulator.VirtualMachine:
		switch method {
		case "CloneVM_Task", "ReconfigVM_Task", "Rename_Task":
			return &machine{obj}
		case "ExportVm":
			return &exported{obj, s, sessionOf(ctx)}
		}
	case *simulator.OvfManager:
		if method == "CreateDescriptor" {
			return &describer{obj}
		}
	case *simulator.ResourcePool:
		if method == "ImportVApp" {
			return &importer{obj, s, sessionOf(ctx)}
		}
	case *simulator.SessionManager:
		if method == "Login" {
			return &sessionManager{obj}
		}
	case *simulator.EventManager:
		if method == "CreateCollectorForEvents" {
			return &eventManager{obj, &s.events, *ctx.Session}
		}
	}
	return nil
}

// shown returns what a registry may look at, and write to, of an object that others use: the
// registry of a call marks what is put into it as healthy.
func shown(e *mo.ManagedEntity) *mo.ManagedEntity {
	detached := &mo.ManagedEntity{DisabledMethod: e.DisabledMethod}
	detached.Self = e.Self
	return detached
}

// selfRef is the registry's name of our callbacks. No client sees it.
var selfRef = types.ManagedObjectReference{Type: "PeriluneSimulator", Value: "corrections"}

// Reference implements simulator.RegisterObject.
func (s *Simulator) Reference() types.ManagedObjectReference { return selfRef }

// PutObject implements simulator.RegisterObject: an object is new in the inventory.
func (s *Simulator) PutObject(_ *simulator.Context, obj mo.Reference) {
	switch obj := obj.(type) {
	case *simulator.Task:
		s.tasks.wrap(obj)
	case *simulator.HostNetworkSystem:
		adoptNetworkInfo(obj)
	}
	s.news.add()
}

// UpdateObject implements simulator.RegisterObject: properties have changed.
func (s *Simulator) UpdateObject(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	switch obj := obj.(type) {
	case *mo.Task:
		s.tasks.started(ctx, obj)
	case *mo.VirtualMachine:
		if changed(changes, "network") {
			s.linkMachine(ctx, obj.Self, obj.Network)
		}
	case *mo.EventHistoryCollector:
		if obj.Self == s.events.source {
			s.events.update(ctx, changes)
		}
	}
	s.news.add()
}

// RemoveObject implements simulator.RegisterObject: an object leaves the inventory.
func (s *Simulator) RemoveObject(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" {
		s.linkMachine(ctx, ref, nil)
	}
	s.untag(ref)
	s.news.removed(s.registry, ref)
}

func changed(changes []types.PropertyChange, name string) bool {
	for i := range changes {
		if changes[i].Name == name {
			return true
		}
	}
	return false
}
