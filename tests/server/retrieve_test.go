package main

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/launch"
)

// retrieve asks for properties of all machines.
func (v *vcenter) retrieve(limit int32, properties ...string) (*types.RetrieveResult, error) {
	v.Helper()
	all, err := view.NewManager(v.Client.Client).CreateContainerView(v.ctx, v.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	v.ok(err)
	res, err := methods.RetrievePropertiesEx(v.ctx, v.Client, &types.RetrievePropertiesEx{
		This:    v.ServiceContent.PropertyCollector,
		Options: types.RetrieveOptions{MaxObjects: limit},
		SpecSet: []types.PropertyFilterSpec{{
			PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: properties}},
			ObjectSet: []types.ObjectSpec{{Obj: all.Reference(), Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{
				&types.TraversalSpec{Type: "ContainerView", Path: "view"},
			}}},
		}},
	})
	if err != nil {
		return nil, err
	}
	return res.Returnval, nil
}

func (v *vcenter) proceed(token string) (*types.RetrieveResult, error) {
	res, err := methods.ContinueRetrievePropertiesEx(v.ctx, v.Client,
		&types.ContinueRetrievePropertiesEx{This: v.ServiceContent.PropertyCollector, Token: token})
	if err != nil {
		return nil, err
	}
	return &res.Returnval, nil
}

func TestPagesAsTheServerAndTheClientWant(t *testing.T) {
	for _, test := range []struct {
		asked int32
		own   int
		pages []int
	}{{0, 0, []int{4}}, {3, 0, []int{3, 1}}, {0, 1, []int{1, 1, 1, 1}}, {3, 2, []int{2, 2}}, {2, 3, []int{2, 2}}, {9, 4, []int{4}}} {
		v := start(t, func(_ *launch.Options, s *settings) { s.page = test.own })
		page, err := v.retrieve(test.asked, "name", "parentVApp")
		var sizes []int
		seen := map[ref]bool{}
		for {
			v.ok(err)
			sizes = append(sizes, len(page.Objects))
			for _, o := range page.Objects {
				seen[o.Obj] = true
				if len(o.PropSet) != 1 {
					t.Errorf("%v is told though parentVApp is unset", o.PropSet)
				}
			}
			if page.Token == "" {
				break
			}
			page, err = v.proceed(page.Token)
		}
		if len(seen) != 4 || !slices.Equal(sizes, test.pages) {
			t.Errorf("asked %d, own %d: %d objects in pages of %v", test.asked, test.own, len(seen), sizes)
		}
	}
}

func TestATokenWorksOnceAndNotAfterItIsCancelled(t *testing.T) {
	v := start(t, func(_ *launch.Options, s *settings) { s.page = 1 })
	page, err := v.retrieve(0, "name")
	v.ok(err)
	next, err := v.proceed(page.Token)
	v.ok(err)
	_, err = v.proceed(page.Token)
	fault[*types.InvalidProperty](v, err)
	cancel := &types.CancelRetrievePropertiesEx{This: v.ServiceContent.PropertyCollector, Token: next.Token}
	_, err = methods.CancelRetrievePropertiesEx(v.ctx, v.Client, cancel)
	v.ok(err)
	_, err = v.proceed(next.Token)
	fault[*types.InvalidProperty](v, err)
}

func TestRefusesToReadLessThanNothing(t *testing.T) {
	v := start(t, nil)
	_, err := v.retrieve(-1, "name")
	fault[*types.InvalidArgument](v, err)
}
