package sim

import (
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
)

// news counts the changes of the inventory, for those who wait for them.
type news struct {
	mu    sync.Mutex
	count uint64
	next  chan struct{} // closed by the next change; nil: nobody waits
}

// add says that something has changed.
func (n *news) add() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	if n.next != nil {
		close(n.next)
		n.next = nil
	}
}

// removed says that an object leaves the inventory. The registry says so before it does it,
// so there is another change when the object is gone.
func (n *news) removed(registry *simulator.Registry, id ref) {
	n.add()
	if registry.Get(id) == nil {
		return // of a session
	}
	go func() {
		for registry.Get(id) != nil {
			time.Sleep(time.Millisecond)
		}
		n.add()
	}()
}

// now returns the number of changes so far.
func (n *news) now() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.count
}

// after returns a channel that is closed once there are more changes than count.
func (n *news) after(count uint64) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.count != count {
		past := make(chan struct{})
		close(past)
		return past
	}
	if n.next == nil {
		n.next = make(chan struct{})
	}
	return n.next
}
