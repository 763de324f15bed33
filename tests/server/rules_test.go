package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestRuleRefusesACall(t *testing.T) {
	v := start(t, nil)
	v.rule(`{"method": "CreateFolder", "match": "b", "times": 1, "action": {"fault": "NoPermission", "message": "not you"}}`)
	root, err := v.find.Folder(v.ctx, "/DC0/vm")
	v.ok(err)
	_, err = root.CreateFolder(v.ctx, "a")
	v.ok(err) // does not match
	_, err = root.CreateFolder(v.ctx, "b")
	fault[*types.NoPermission](v, err)
}

func TestRuleLetsSomePassFirst(t *testing.T) {
	v := start(t, nil)
	v.rule(`[{"method": "Current*", "after": 1, "times": 2, "action": {"fault": "RuntimeFault"}}]`)
	var failed []int
	for i := range 5 {
		if _, err := methods.GetCurrentTime(v.ctx, v.Client); err != nil {
			failed = append(failed, i)
		}
	}
	if len(failed) != 2 || failed[0] != 1 || failed[1] != 2 {
		t.Errorf("failed: %v", failed)
	}
}

func TestRuleFailsATask(t *testing.T) {
	v := start(t, nil)
	v.rule(`{"method": "CreateVM_Task", "match": "web-02", "action": {"taskFault": "InsufficientStorageSpace", "message": "full"}}`)
	folder := v.folder("f")
	_, err := v.create(folder, spec("web-01", "VM Network"), nil)
	v.ok(err)
	_, err = v.create(folder, spec("web-02", "VM Network"), nil)
	fault[*types.InsufficientStorageSpace](v, err)
	v.contains(err.Error(), "full")
	var got mo.Folder
	v.get(folder, &got, "childEntity")
	if len(got.ChildEntity) != 1 {
		t.Errorf("%v", got.ChildEntity)
	}
}

func TestSlowTaskShowsProgressAndLocksNothing(t *testing.T) {
	v := start(t, nil)
	v.rule(`{"method": "PowerOnVM_Task", "action": {"taskMs": 600}}`)
	vm, err := v.create(v.folder("f"), spec("m", "VM Network"), nil)
	v.ok(err)
	on, err := vm.PowerOn(v.ctx)
	v.ok(err)
	var progress []int32
	read := false
	err = property.Wait(v.ctx, property.DefaultCollector(v.Client.Client), on.Reference(), []string{"info"}, func(changes []types.PropertyChange) bool {
		for _, c := range changes {
			info, ok := c.Val.(types.TaskInfo)
			if !ok {
				continue
			}
			if info.State == types.TaskInfoStateSuccess {
				return true
			}
			progress = append(progress, info.Progress)
		}
		if !read { // the machine can be read meanwhile, and is still off
			read = true
			var got mo.VirtualMachine
			v.get(vm, &got, "runtime.powerState")
			if got.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
				t.Errorf("it is %s already", got.Runtime.PowerState)
			}
		}
		return false
	})
	v.ok(err)
	for i := 1; i < len(progress); i++ {
		if progress[i] < progress[i-1] {
			t.Errorf("progress falls: %v", progress)
		}
	}
	if len(progress) < 3 {
		t.Errorf("progress: %v", progress)
	}
}

func TestSlowTaskCanBeCancelled(t *testing.T) {
	v := start(t, nil)
	v.rule(`{"method": "CreateVM_Task", "action": {"taskMs": 60000}}`)
	folder := v.folder("f")
	pool, err := v.find.ResourcePool(v.ctx, "DC0_C0/Resources")
	v.ok(err)
	creation, err := folder.CreateVM(v.ctx, spec("m", "VM Network"), pool, nil)
	v.ok(err)
	v.ok(creation.Cancel(v.ctx))
	fault[*types.RequestCanceled](v, creation.Wait(v.ctx))
}

func TestRuleCutsTheConnection(t *testing.T) {
	v := start(t, nil)
	root, err := v.find.Folder(v.ctx, "/DC0/vm")
	v.ok(err)
	for when, executed := range map[string]bool{"before": false, "after": true, "middle": true} {
		v.rule(`{"method": "CreateFolder", "match": "` + when + `", "action": {"cut": "` + when + `"}}`)
		_, err := root.CreateFolder(v.ctx, when)
		if err == nil {
			t.Errorf("%s: there was a reply", when)
		}
		if when == "middle" && !errors.Is(err, io.ErrUnexpectedEOF) && err != nil {
			v.contains(err.Error(), "EOF")
		}
		if _, err := v.find.Folder(v.ctx, "/DC0/vm/"+when); (err == nil) != executed {
			t.Errorf("%s: executed: %v", when, err == nil)
		}
	}
}

func TestRulesApplyToREST(t *testing.T) {
	v := start(t, nil)
	v.rule(`{"method": "POST /rest/com/vmware/cis/session", "times": 1, "action": {"fault": "service_unavailable", "status": 503}}`)
	client := rest.NewClient(v.Client.Client)
	login := func() error { return client.Login(v.ctx, url.UserPassword("root", "secret")) }
	if err := login(); err == nil {
		t.Error("the first login was not refused")
	}
	v.ok(login())
	if n := v.requests("rest", "POST /rest/com/vmware/cis/session"); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestRefusesAWrongRule(t *testing.T) {
	v := start(t, nil)
	for _, text := range []string{
		`{"method": "CreateFolder", "action": {}}`,
		`{"method": "CreateFolder", "action": {"fault": "NoSuchFault"}}`,
		`{"method": "CreateFolder", "action": {"cut": "sometime"}}`,
		`{"method": "CreateFolder", "delay": 1}`,
		`{"method": "", "action": {"delayMs": 1}}`,
		`[`,
	} {
		if status, _ := v.http("POST", "/_test/rules", text); status != http.StatusBadRequest {
			t.Errorf("%s: %d", text, status)
		}
	}
	v.rule(`{"method": "CurrentTime", "action": {"fault": "RuntimeFault"}}`)
	v.http("DELETE", "/_test/rules", "")
	_, err := methods.GetCurrentTime(v.ctx, v.Client)
	v.ok(err)
}

func TestPanicInATaskIsAFailedTask(t *testing.T) {
	v := start(t, nil)
	registry := v.server.Model.Map()
	vm := v.vm("DC0_C0_RP0_VM0")
	registry.Get(vm.Reference()).(*simulator.VirtualMachine).Config = nil // an inventory that is not sound
	err := v.await(vm.PowerOff(v.ctx))
	fault[*types.SystemError](v, err)
	_, err = methods.GetCurrentTime(v.ctx, v.Client) // the server lives
	v.ok(err)
}

func TestPanicInACallIsAFault(t *testing.T) {
	v := start(t, nil)
	registry := v.server.Model.Map()
	vm := v.vm("DC0_C0_RP0_VM0")
	registry.Get(vm.Reference()).(*simulator.VirtualMachine).Runtime.Host = nil
	_, err := methods.UnregisterVM(v.ctx, v.Client, &types.UnregisterVM{This: vm.Reference()})
	if err == nil {
		t.Fatal("accepted")
	}
	_, err = methods.GetCurrentTime(v.ctx, v.Client)
	v.ok(err)
}
