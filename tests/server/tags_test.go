package main

import (
	"net/url"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/types"
)

// tagger returns a client of the tags, with a category of the given cardinality and two tags.
func (v *vcenter) tagger(cardinality string) (m *tags.Manager, first, second string) {
	v.Helper()
	client := rest.NewClient(v.Client.Client)
	v.ok(client.Login(v.ctx, url.UserPassword("root", "secret")))
	m = tags.NewManager(client)
	category, err := m.CreateCategory(v.ctx, &tags.Category{
		Name: "tier", Cardinality: cardinality, AssociableTypes: []string{"VirtualMachine"},
	})
	v.ok(err)
	first, err = m.CreateTag(v.ctx, &tags.Tag{Name: "web", CategoryID: category})
	v.ok(err)
	second, err = m.CreateTag(v.ctx, &tags.Tag{Name: "db", CategoryID: category})
	v.ok(err)
	return m, first, second
}

// tagsOf returns how many tags an object has, and checks that both directions say so.
func (v *vcenter) tagsOf(m *tags.Manager, obj object.Reference) int {
	v.Helper()
	attached, err := m.GetAttachedTags(v.ctx, obj)
	v.ok(err)
	all, err := m.ListTags(v.ctx)
	v.ok(err)
	on, err := m.ListAttachedObjectsOnTags(v.ctx, all)
	v.ok(err)
	n := 0
	for _, a := range on {
		for _, id := range a.ObjectIDs {
			if id.Reference() == obj.Reference() {
				n++
			}
		}
	}
	if n != len(attached) {
		v.Errorf("%d tags on the object, but it is listed by %d tags", len(attached), n)
	}
	return n
}

func TestTagsGoWithTheirObject(t *testing.T) {
	v := start(t, nil)
	m, web, _ := v.tagger("SINGLE")
	vm, err := v.create(v.folder("f"), spec("m", "VM Network"), nil)
	v.ok(err)
	v.ok(m.AttachTag(v.ctx, web, vm))
	if n := v.tagsOf(m, vm); n != 1 {
		t.Errorf("%d tags", n)
	}
	v.ok(v.await(vm.Destroy(v.ctx)))
	if n := v.tagsOf(m, vm); n != 0 {
		t.Errorf("%d tags of a machine that is gone", n)
	}
}

func TestDetachedTagsAreListedNowhere(t *testing.T) {
	v := start(t, nil)
	m, web, db := v.tagger("MULTIPLE")
	vm := v.vm("DC0_C0_RP0_VM0")
	v.ok(m.AttachMultipleTagsToObject(v.ctx, []string{web, db}, vm))
	if n := v.tagsOf(m, vm); n != 2 {
		t.Errorf("%d tags", n)
	}
	v.ok(m.DetachMultipleTagsFromObject(v.ctx, []string{web, db}, vm))
	if n := v.tagsOf(m, vm); n != 0 {
		t.Errorf("%d tags", n)
	}
}

func TestRefusesATagThatDoesNotFit(t *testing.T) {
	v := start(t, nil)
	m, web, db := v.tagger("SINGLE")
	vm := v.vm("DC0_C0_RP0_VM0")
	v.ok(m.AttachTag(v.ctx, web, vm))
	v.ok(m.AttachTag(v.ctx, web, vm)) // again is fine
	none := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-none"}
	for name, err := range map[string]error{
		"a second tag of a category with one": m.AttachTag(v.ctx, db, vm),
		"the same, by the batch":              m.AttachMultipleTagsToObject(v.ctx, []string{db}, vm),
		"an object of another type":           m.AttachTag(v.ctx, db, v.host("DC0_C0_H0")),
		"an object that is not there":         m.AttachTag(v.ctx, db, none),
		"a tag that is not there":             m.AttachTag(v.ctx, "urn:vmomi:InventoryServiceTag:none:GLOBAL", vm),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := m.CreateTag(v.ctx, &tags.Tag{Name: "x", CategoryID: "urn:vmomi:InventoryServiceCategory:none:GLOBAL"}); err == nil {
		t.Error("a tag of no category: accepted")
	}
	if n := v.tagsOf(m, vm); n != 1 {
		t.Errorf("%d tags", n)
	}
}
