package main

import (
	"fmt"
	"testing"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const first = "DC0_H0_VM0"

func TestOnlyChangedPathsAreReported(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	w := v.observe([]ref{vm}, "name", "runtime.powerState")
	version, got := w.updates("", 5)
	w.equal(got, "enter "+vm.Value+" assign name="+first+" assign runtime.powerState=poweredOn\n")
	_, got = w.updates(version, 0)
	w.equal(got, "nothing")
	w.note(first, "of no interest")
	_, got = w.updates(version, 0)
	w.equal(got, "nothing")
	v.ok(v.await(v.vm(first).PowerOff(v.ctx)))
	version, got = w.updates(version, 5)
	w.equal(got, "modify "+vm.Value+" assign runtime.powerState=poweredOff\n")
	set, err := w.during(version, func() { v.ok(v.await(v.vm(first).PowerOn(v.ctx))) })
	v.ok(err)
	w.equal(told(set), "modify "+vm.Value+" assign runtime.powerState=poweredOn\n")
}

func TestDefaultCollectorWaits(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	w := v.observe([]ref{vm}, "config.annotation")
	w.collector = v.ServiceContent.PropertyCollector
	w.filtered("name")
	version, got := w.updates("", 5)
	w.equal(got, "enter "+vm.Value+" assign name="+first+"\n")
	v.ok(v.await(v.vm(first).Rename(v.ctx, "other")))
	_, got = w.updates(version, 5)
	w.equal(got, "modify "+vm.Value+" assign name=other\n")
}

func TestNoChangeIsLostBetweenWaits(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first)
	w := v.observe([]ref{vm.Reference()}, "config.annotation")
	version, _ := w.updates("", 5)
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		for i := range 100 {
			spec := types.VirtualMachineConfigSpec{Annotation: fmt.Sprint(i)}
			if err := v.await(vm.Reconfigure(v.ctx, spec)); err != nil {
				v.Error(err)
			}
		}
	}()
	for got := ""; got != "modify "+vm.Reference().Value+" assign config.annotation=99\n"; {
		before := version
		if version, got = w.updates(version, 10); version == before {
			t.Fatal("the last change is not reported")
		}
	}
}

func TestValuesAreUnset(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	w := v.observe([]ref{vm}, `config.extraConfig["k"].value`)
	set := func(value string) {
		v.ok(v.await(v.vm(first).Reconfigure(v.ctx, types.VirtualMachineConfigSpec{
			ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "k", Value: value}},
		})))
	}
	version, got := w.updates("", 5)
	w.equal(got, "enter "+vm.Value+"\n")
	set("x")
	version, got = w.updates(version, 5)
	w.equal(got, "modify "+vm.Value+" assign config.extraConfig[\"k\"].value=x\n")
	set("")
	_, got = w.updates(version, 5)
	w.equal(got, "modify "+vm.Value+" assign config.extraConfig[\"k\"].value=<nil>\n")
}

func TestUnknownPathsAreMissing(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	_, got := v.observe([]ref{vm}, "name", "nonsense").updates("", 5)
	v.contains(got, "assign name="+first+" missing nonsense *types.InvalidProperty")
}

func TestObjectsLeaveWithTheView(t *testing.T) {
	v := start(t, nil)
	vm, other := v.vm(first).Reference(), v.vm("DC0_H0_VM1").Reference()
	w := v.observe([]ref{vm, other}, "name")
	version, _ := w.updates("", 5)
	_, err := w.list.Remove(v.ctx, []ref{vm})
	v.ok(err)
	version, got := w.updates(version, 5)
	w.equal(got, "leave "+vm.Value+"\n")
	_, err = w.list.Remove(v.ctx, []ref{other})
	v.ok(err)
	_, err = w.list.Add(v.ctx, []ref{other})
	v.ok(err)
	version, got = w.updates(version, 5)
	w.equal(got, "enter "+other.Value+" assign name=DC0_H0_VM1\n")
	v.ok(v.await(v.vm("DC0_H0_VM1").PowerOff(v.ctx)))
	set, err := w.during(version, func() { v.ok(v.await(v.vm("DC0_H0_VM1").Destroy(v.ctx))) })
	v.ok(err)
	w.equal(told(set), "leave "+other.Value+"\n")
}

func TestFiltersComeAndGoWhileSomebodyWaits(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	w := v.observe([]ref{vm}, "name")
	version, _ := w.updates("", 5)
	set, err := w.during(version, func() { w.filtered("config.annotation") })
	v.ok(err)
	w.equal(told(set), "enter "+vm.Value+"\n")
	_, err = methods.DestroyPropertyFilter(v.ctx, v.Client, &types.DestroyPropertyFilter{This: w.filter})
	v.ok(err)
	v.ok(v.await(v.vm(first).Rename(v.ctx, "other")))
	_, got := w.updates(set.Version, 0)
	w.equal(got, "nothing")
}

func TestLongAnswersAreTruncated(t *testing.T) {
	v := start(t, nil)
	list, err := v.find.VirtualMachineList(v.ctx, "*")
	v.ok(err)
	var refs []ref
	for _, vm := range list {
		refs = append(refs, vm.Reference())
	}
	w := v.observe(refs, "name")
	seen, version := 0, ""
	for _, n := range []int{3, 1} {
		set, err := w.wait(version, 5, 3)
		v.ok(err)
		more := set.Truncated != nil && *set.Truncated
		if got := len(set.FilterSet[0].ObjectSet); got != n || more != (n == 3) {
			t.Errorf("%d objects, more: %t", got, more)
		}
		seen, version = seen+n, set.Version
	}
	if seen != len(refs) {
		t.Errorf("%d of %d", seen, len(refs))
	}
}

func TestVersionsOfCollectors(t *testing.T) {
	v := start(t, nil)
	vm := v.vm(first).Reference()
	w := v.observe([]ref{vm}, "name")
	one, entered := w.updates("", 5)
	v.ok(v.await(v.vm(first).Rename(v.ctx, "other")))
	two, got := w.updates(one, 5)
	again, repeated := w.updates(one, 5)
	w.equal(again+repeated, two+got)
	for _, unknown := range []string{"x", two + "0"} {
		_, err := w.wait(unknown, 0, 0)
		fault[*types.InvalidCollectorVersion](v, err)
	}
	v.ok(v.await(v.vm("other").Rename(v.ctx, first)))
	three, _ := w.updates(two, 5)
	_, err := w.wait(one, 0, 0)
	fault[*types.InvalidCollectorVersion](v, err)
	four, got := w.updates("", 5)
	w.equal(got, entered)
	_, err = w.wait(three, 0, 0)
	fault[*types.InvalidCollectorVersion](v, err)
	_, got = w.updates(four, 1)
	w.equal(got, "nothing")
}

func TestWaitsAreCancelled(t *testing.T) {
	v := start(t, nil)
	w := v.observe([]ref{v.vm(first).Reference()}, "name")
	version, _ := w.updates("", 5)
	_, err := w.during(version, func() {
		_, err := methods.CancelWaitForUpdates(v.ctx, v.Client, &types.CancelWaitForUpdates{This: w.collector})
		v.ok(err)
	})
	fault[*types.RequestCanceled](v, err)
	_, got := w.updates(version, 0)
	w.equal(got, "nothing")
}

func TestWaitsEndWithTheCollector(t *testing.T) {
	v := start(t, nil)
	w := v.observe([]ref{v.vm(first).Reference()}, "name")
	version, _ := w.updates("", 5)
	_, err := w.during(version, func() {
		_, err := methods.DestroyPropertyCollector(v.ctx, v.Client, &types.DestroyPropertyCollector{This: w.collector})
		v.ok(err)
	})
	fault[*types.RequestCanceled](v, err)
	_, err = w.wait(version, 0, 0)
	fault[*types.ManagedObjectNotFound](v, err)
}

func TestWaitsEndWithTheSession(t *testing.T) {
	v := start(t, nil)
	w := v.observe([]ref{v.vm(first).Reference()}, "name")
	version, _ := w.updates("", 5)
	other, err := vim25.NewClient(v.ctx, soap.NewClient(v.server.URL, true))
	v.ok(err)
	second := session.NewManager(other)
	v.ok(second.Login(v.ctx, v.server.URL.User))
	own, err := v.SessionManager.UserSession(v.ctx)
	v.ok(err)
	_, err = w.during(version, func() { v.ok(second.TerminateSession(v.ctx, []string{own.Key})) })
	fault[*types.RequestCanceled](v, err)
}

func TestFiltersOfMissingObjects(t *testing.T) {
	v := start(t, nil)
	gone := ref{Type: "VirtualMachine", Value: "vm-0"}
	_, err := methods.CreateFilter(v.ctx, v.Client, &types.CreateFilter{This: v.ServiceContent.PropertyCollector, Spec: types.PropertyFilterSpec{
		PropSet:   []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name"}}},
		ObjectSet: []types.ObjectSpec{{Obj: gone}},
	}})
	fault[*types.ManagedObjectNotFound](v, err)
}
