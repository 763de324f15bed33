package sim

import (
	"context"
	"fmt"
	"log"
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

	check func(*simulator.Context) types.BaseMethodFault // before the work; a fault ends the task
	after func(*simulator.Context)                       // after the work has succeeded

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

// work is the doing of one task.
type work struct {
	ctx  *simulator.Context
	plan *TaskPlan
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
	w.ctx = ctx
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

// do is the whole of a task. What panics in it fails the task, not the server.
func (l *taskList) do(t *simulator.Task, execute func(*simulator.Task) (types.AnyType, types.BaseMethodFault)) (
	result types.AnyType, fault types.BaseMethodFault,
) {
	w := l.take(t.Self)
	defer func() {
		if reason := recover(); reason != nil {
			log.Printf("panic in %s: %v\n%s", t.Info.DescriptionId, reason, debug.Stack())
			result, fault = nil, SystemError(fmt.Sprintf("A general system error occurred: %v", reason))
		}
	}()
	if w.plan.Duration > 0 && !w.pass(t) {
		return nil, &types.RequestCanceled{}
	}
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
		w.plan.after(w.ctx)
	}
	return result, fault
}

// pass lets the time of the plan go by, with progress rising from 0 to 95. It is false when
// the task was cancelled meanwhile. The simulator locks a task's object while it runs, which
// would make others wait who read it; so the lock is given back for that time.
func (w *work) pass(t *simulator.Task) bool {
	const steps = 20
	entity := *t.Info.Entity
	release(w.ctx, entity)
	defer w.ctx.Map.AcquireLock(w.ctx, entity)
	own := &simulator.Context{Map: w.ctx.Map}
	for i := range steps {
		cancelled := false
		own.WithLock(t, func() {
			cancelled = t.Info.State != types.TaskInfoStateRunning
			if !cancelled {
				own.Update(t, []types.PropertyChange{{Name: "info.progress", Val: int32(i * 100 / steps)}})
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
func release(ctx *simulator.Context, obj mo.Reference) {
	unlock := ctx.Map.AcquireLock(ctx, obj)
	unlock()
	unlock()
}

// SystemError is the fault of a server that has failed within.
func SystemError(reason string) types.BaseMethodFault {
	return &types.SystemError{Reason: reason}
}
