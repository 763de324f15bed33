package sim

import (
	"net/http"
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

func TestWaitingDoesNothingWhileNothingChanges(t *testing.T) {
	model := simulator.VPX()
	if err := model.Create(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Remove)
	model.Service.ServeMux = http.NewServeMux()
	s := Install(model.Service)
	ctx := &simulator.Context{Map: s.registry, Session: &simulator.Session{Registry: simulator.NewRegistry(), Map: s.registry}}
	pc := serviceContent(s.registry).PropertyCollector
	s.adoptCollector(ctx, pc)
	c := ctx.Session.Get(pc).(*collector)
	vm := s.registry.Any("VirtualMachine")
	c.CreateFilter(ctx, &types.CreateFilter{This: pc, Spec: types.PropertyFilterSpec{
		PropSet:   []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name"}}},
		ObjectSet: []types.ObjectSpec{{Obj: vm.Reference()}},
	}})
	wait := func(version string, seconds int32) *types.UpdateSet {
		o := &types.WaitOptions{MaxWaitSeconds: &seconds}
		return c.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: pc, Version: version, Options: o}).(*methods.WaitForUpdatesExBody).Res.Returnval
	}
	looks := func(want int, set bool, got *types.UpdateSet) {
		t.Helper()
		if c.looks != want || (got != nil) != set {
			t.Errorf("%d looks, not %d; %+v", c.looks, want, got)
		}
	}
	first := wait("", 5)
	looks(1, true, first)
	looks(1, false, wait(first.Version, 1))
	looks(1, false, wait(first.Version, 0))
	for _, name := range []string{"a", "b", "c"} {
		s.registry.AtomicUpdate(ctx, vm, []types.PropertyChange{{Name: "name", Val: name}})
	}
	second := wait(first.Version, 5)
	looks(2, true, second)
	looks(2, true, wait(first.Version, 5)) // repeated
	looks(2, false, wait(second.Version, 1))
}
