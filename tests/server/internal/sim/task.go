package sim

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// TaskPlan is what a task does beside its work.
type TaskPlan struct {
	Duration time.Duration         // it takes this long, with progress rising, before its work
	Fault    types.BaseMethodFault // not nil: it fails with this, and its work is not done
	Message  string                // what its failure says; "": what a vCenter says

	check func(*simulator.Context) types.BaseMethodFault // before the work; a fault ends the task
	after func(*simulator.Context, types.AnyType)        // after the work has succeeded, with its result

	claimed atomic.Bool // by the first task of the call: a task may start others
}

type planKey struct{}

// planFor attaches an empty plan, or the one that PlanTask makes, to a call.
func (s *Simulator) planFor(ctx *simulator.Context, method *simulator.Method) {
	plan := &TaskPlan{}
	if s.PlanTask != nil {
		if p := s.PlanTask(method); p != nil {
			plan = p
		}
	}
	parent := ctx.Context
	if parent == nil {
		parent = context.Background()
	}
	ctx.Context = context.WithValue(parent, planKey{}, plan)
}

// planOf returns the plan of the call that ctx serves.
func planOf(ctx *simulator.Context) *TaskPlan {
	if ctx.Context != nil {
		if plan, ok := ctx.Value(planKey{}).(*TaskPlan); ok {
			return plan
		}
	}
	return &TaskPlan{}
}

// taskList knows the tasks that were made and have not ended.
type taskList struct {
	mu      sync.Mutex
	running map[types.ManagedObjectReference]*work
}

// executor is the work of a task.
type executor = func(*simulator.Task) (types.AnyType, types.BaseMethodFault)

// work is the doing of one task.
type work struct {
	ctx    *simulator.Context
	entity ref // what the simulator has locked; a task may name another later
	plan   *TaskPlan
}

func (l *taskList) init() {
	l.running = make(map[types.ManagedObjectReference]*work)
}

// wrap puts our steps around the work of a task that has just been made.
func (l *taskList) wrap(task *simulator.Task) {
	if task.Execute == nil {
		return // made by TaskManager.CreateTask, moved by its client
	}
	execute := task.Execute
	task.Execute = func(t *simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return l.do(t, execute)
	}
	l.mu.Lock()
	l.running[task.Self] = &work{}
	l.mu.Unlock()
}

// started learns which call a task belongs to. The simulator reports the change of a new
// task to running on behalf of that call, before the work begins.
func (l *taskList) started(ctx *simulator.Context, task *mo.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.running[task.Self]
	if w == nil || w.ctx != nil {
		return
	}
	w.ctx, w.entity = ctx, *task.Info.Entity
	if plan := planOf(ctx); plan.claimed.CompareAndSwap(false, true) {
		w.plan = plan
	} else {
		w.plan = &TaskPlan{}
	}
}

func (l *taskList) take(ref types.ManagedObjectReference) *work {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.running[ref]
	delete(l.running, ref)
	return w
}

// do is the whole of a task.
func (l *taskList) do(t *simulator.Task, execute executor) (types.AnyType, types.BaseMethodFault) {
	w := l.take(t.Self)
	if w.plan.Duration > 0 && !w.pass(t) {
		if releasable(w.ctx, w.entity) {
			w.end(t) // it was cancelled, and says so already
		}
		return nil, &types.RequestCanceled{}
	}
	result, fault := w.run(t, execute)
	if fault != nil && releasable(w.ctx, w.entity) {
		w.end(t, types.PropertyChange{Name: "info.completeTime", Val: time.Now()},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateError},
			types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{Fault: fault, LocalizedMessage: cmp.Or(w.plan.Message, Message(fault))}})
	}
	return result, fault
}

// run does the work. What panics in it fails the task, not the server.
func (w *work) run(t *simulator.Task, execute executor) (result types.AnyType, fault types.BaseMethodFault) {
	defer func() {
		if reason := recover(); reason != nil {
			log.Printf("panic in %s: %v\n%s", t.Info.DescriptionId, reason, debug.Stack())
			result, fault = nil, SystemError(fmt.Sprint(reason))
		}
	}()
	if w.plan.Fault != nil {
		return nil, w.plan.Fault
	}
	if w.plan.check != nil {
		if fault := w.plan.check(w.ctx); fault != nil {
			return nil, fault
		}
	}
	result, fault = execute(t)
	if fault == nil && w.plan.after != nil {
		w.plan.after(w.ctx, result)
	}
	return result, fault
}

// end ends the task, and the goroutine that runs it, in the place of the simulator, which
// would give the name of a Go type for the message of a fault.
func (w *work) end(t *simulator.Task, changes ...types.PropertyChange) {
	release(w.ctx, w.entity) // the simulator's hold for the task
	if len(changes) > 0 {
		own := &simulator.Context{Map: w.ctx.Map}
		own.WithLock(t, func() { own.Update(t, changes) })
	}
	runtime.Goexit()
}

// pass lets the time of the plan go by, with progress rising from 0 to 95. It is false when
// the task was cancelled meanwhile. The simulator locks a task's object while it runs, which
// would make others wait who read it; so the lock is given back for that time.
func (w *work) pass(t *simulator.Task) bool {
	const steps = 20
	if releasable(w.ctx, w.entity) {
		release(w.ctx, w.entity)
		defer w.ctx.Map.AcquireLock(w.ctx, w.entity)
	}
	own := &simulator.Context{Map: w.ctx.Map}
	for i := range steps {
		cancelled := false
		own.WithLock(t, func() {
			if cancelled = t.Info.State != types.TaskInfoStateRunning; !cancelled {
				own.Update(t, []types.PropertyChange{
					{Name: "info.cancelable", Val: true},
					{Name: "info.progress", Val: int32(i * 100 / steps)},
				})
			}
		})
		if cancelled {
			return false
		}
		time.Sleep(w.plan.Duration / steps)
	}
	return true
}

// release gives back one hold of ctx on obj. Locks are counted per call: what AcquireLock
// returns takes back one hold each time it is called.
//
// That takes a lock that the registry keeps for obj: it keeps none once obj has left the
// inventory, nor for the few objects that bring a lock of their own. See releasable.
func release(ctx *simulator.Context, obj mo.Reference) {
	unlock := ctx.Map.AcquireLock(ctx, obj)
	unlock()
	unlock()
}

// releasable says whether release can be used with obj.
func releasable(ctx *simulator.Context, obj ref) bool {
	found := ctx.Map.Get(obj)
	_, ownLock := found.(sync.Locker)
	return found != nil && !ownLock
}
