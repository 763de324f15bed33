package sim

import (
	"log"
	"net/http"
	"net/url"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// tagStore is what the simulator's REST handler, which keeps the tags, offers to others.
type tagStore interface {
	TryLock() bool
	Lock()
	Unlock()
	AttachedTags(types.ManagedObjectReference) ([]string, types.BaseMethodFault)
	DetachTag(types.ManagedObjectReference, string) types.BaseMethodFault
}

func findTags(service *simulator.Service) tagStore {
	handler, _ := service.ServeMux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/rest/"}})
	store, _ := handler.(tagStore)
	return store
}

// untag takes the tags from an object that is gone: in the simulator they outlive it. The
// store is locked while a REST request is served, which may be what removes the object.
func (s *Simulator) untag(id ref) {
	if s.tags == nil {
		return
	}
	detach := func() {
		defer s.tags.Unlock()
		attached, _ := s.tags.AttachedTags(id)
		for _, tag := range attached {
			if fault := s.tags.DetachTag(id, tag); fault != nil {
				log.Printf("tag %s of %s: %T", tag, id, fault)
			}
		}
	}
	if s.tags.TryLock() {
		detach()
		return
	}
	go func() {
		s.tags.Lock()
		detach()
	}()
}
