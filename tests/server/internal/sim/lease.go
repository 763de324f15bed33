package sim

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// leaseList is the leases that have not ended, by the identifier in their URLs.
type leaseList struct {
	mu      sync.Mutex
	timeout time.Duration
	byID    map[string]*lease
}

// lease is an HttpNfcLease that keeps what is uploaded, ends when nobody reports progress, and takes
// the machine of an import with it when it is not completed.
type lease struct {
	mo.HttpNfcLease

	sim     *Simulator
	ctx     *simulator.Context
	session *simulator.Session
	id      string
	machine ref // of an import; empty for exports

	mu    sync.Mutex // of the two below
	files map[string]*leaseFile
	timer *time.Timer
}

// leaseFile is one file that a lease gives access to.
type leaseFile struct {
	device string // its key
	path   string
	size   int64
	sha1   string // of what was transferred; "" before
}

// SetLeaseTimeout says after how long without progress leases end.
func (s *Simulator) SetLeaseTimeout(timeout time.Duration) { s.leases.timeout = timeout }

// sessionOf returns the session of a call as it is kept. What handle puts in its place is forgotten.
func sessionOf(ctx *simulator.Context) *simulator.Session {
	if ctx.Session == nil {
		return nil
	}
	kept := *ctx.Session
	return &kept
}

// newLease makes a lease that is being initialized.
func (s *Simulator) newLease(ctx *simulator.Context, session *simulator.Session) *lease {
	l := &lease{sim: s, ctx: ctx, session: session, id: uuid.NewString(), files: map[string]*leaseFile{}}
	l.Self = ref{Type: "HttpNfcLease", Value: fmt.Sprintf("session[%s]%s", session.Key, l.id)}
	l.State = types.HttpNfcLeaseStateInitializing
	l.Mode = string(types.HttpNfcLeaseModePushOrGet)
	session.Put(l)
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	s.leases.byID[l.id] = l
	return l
}

func (l *lease) update(changes ...types.PropertyChange) {
	own := &simulator.Context{Map: l.session.Registry}
	own.WithLock(l, func() { own.Update(l, changes) })
	l.sim.news.add() // nobody is told of what a session has for itself
}

// ready gives access to the files of a machine.
func (l *lease) ready(vm *simulator.VirtualMachine) {
	info := &types.HttpNfcLeaseInfo{Lease: l.Self, Entity: vm.Self, LeaseTimeout: int32(l.sim.leases.timeout / time.Second)}
	devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
	counts := map[string]int{}
	for _, device := range devices {
		if url, ok := l.open(vm, devices, device, counts); ok {
			info.DeviceUrl = append(info.DeviceUrl, url)
		}
	}
	l.mu.Lock()
	l.timer = time.AfterFunc(l.sim.leases.timeout, l.expire)
	l.mu.Unlock()
	l.update(types.PropertyChange{Name: "info", Val: info}, types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateReady})
}

// open gives access to the file behind a device, if there is one.
func (l *lease) open(vm *simulator.VirtualMachine, devices object.VirtualDeviceList, device types.BaseVirtualDevice, counts map[string]int) (types.HttpNfcLeaseDeviceUrl, bool) {
	backing, ok := device.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo)
	var at object.DatastorePath
	if !ok || !at.FromString(backing.GetVirtualDeviceFileBackingInfo().FileName) || at.Path == "" {
		return types.HttpNfcLeaseDeviceUrl{}, false
	}
	kind := devices.Type(device)
	n := counts[kind]
	counts[kind]++
	_, isDisk := device.(*types.VirtualDisk)
	name := fmt.Sprintf("%s-%d%s", kind, n, path.Ext(at.Path))
	file := &leaseFile{device: fmt.Sprintf("/%s/%s:%d", vm.Self.Value, kind, n), path: l.resolve(vm, at)}
	if stat, err := os.Stat(file.path); err == nil {
		file.size = stat.Size()
	}
	l.mu.Lock()
	l.files[name] = file
	l.mu.Unlock()
	return types.HttpNfcLeaseDeviceUrl{
		Key:       file.device,
		ImportKey: fmt.Sprintf("/%s/%s:%d", vm.Name, kind, n),
		Url:       fmt.Sprintf("%s/nfc/%s/%s", l.origin(), l.id, name),
		Disk:      types.NewBool(isDisk),
		TargetId:  name,
		FileSize:  file.size,
	}, true
}

// origin is where files are served. A host says "*" for "where you are connected to".
func (l *lease) origin() string {
	url := *l.sim.service.Listen
	url.User, url.Path, url.RawQuery = nil, "", ""
	if !l.ctx.Map.IsVPX() {
		url.Host = "*"
	}
	return strings.TrimSuffix(url.String(), vim25.Path)
}

func (l *lease) resolve(vm *simulator.VirtualMachine, at object.DatastorePath) string {
	for _, id := range vm.Datastore {
		if ds, ok := l.ctx.Map.Get(id).(*simulator.Datastore); ok && ds.Name == at.Datastore {
			return path.Join(ds.Summary.Url, at.Path)
		}
	}
	return ""
}

// fail ends a lease that did not become ready.
func (l *lease) fail(fault *types.LocalizedMethodFault) {
	l.update(types.PropertyChange{Name: "error", Val: fault}, types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateError})
}

// end takes the lease away; false if it has ended before.
func (l *lease) end() bool {
	l.sim.leases.mu.Lock()
	_, found := l.sim.leases.byID[l.id]
	delete(l.sim.leases.byID, l.id)
	l.sim.leases.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	return found
}

// discard removes the machine of an import that was not completed.
func (l *lease) discard() {
	if vm, ok := l.ctx.Map.Get(l.machine).(*simulator.VirtualMachine); ok {
		if res, ok := vm.DestroyTask(l.ctx, &types.Destroy_Task{This: vm.Self}).(*methods.Destroy_TaskBody); ok && res.Res != nil {
			l.ctx.Map.Get(res.Res.Returnval).(*simulator.Task).Wait()
		}
	}
}

// expire ends a lease whose holder was not heard of.
func (l *lease) expire() {
	if l.end() {
		l.discard()
		l.fail(&types.LocalizedMethodFault{Fault: &types.Timedout{}, LocalizedMessage: "The lease has timed out."})
	}
}

// HttpNfcLeaseProgress implements the method of that name.
func (l *lease) HttpNfcLeaseProgress(_ *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	body := &methods.HttpNfcLeaseProgressBody{}
	if l.State != types.HttpNfcLeaseStateReady {
		body.Fault_ = simulator.Fault("", &types.InvalidState{})
		return body
	}
	l.mu.Lock()
	l.timer.Reset(l.sim.leases.timeout)
	l.mu.Unlock()
	l.update(types.PropertyChange{Name: "transferProgress", Val: req.Percent})
	body.Res = &types.HttpNfcLeaseProgressResponse{}
	return body
}

// HttpNfcLeaseComplete implements the method of that name.
func (l *lease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	body := &methods.HttpNfcLeaseCompleteBody{}
	if l.State != types.HttpNfcLeaseStateReady || !l.end() {
		body.Fault_ = simulator.Fault("", &types.InvalidState{})
		return body
	}
	l.session.Registry.Remove(ctx, l.Self)
	body.Res = &types.HttpNfcLeaseCompleteResponse{}
	return body
}

// HttpNfcLeaseAbort implements the method of that name.
func (l *lease) HttpNfcLeaseAbort(ctx *simulator.Context, _ *types.HttpNfcLeaseAbort) soap.HasFault {
	if l.end() {
		l.discard()
	}
	l.session.Registry.Remove(ctx, l.Self)
	return &methods.HttpNfcLeaseAbortBody{Res: &types.HttpNfcLeaseAbortResponse{}}
}

// HttpNfcLeaseGetManifest implements the method of that name.
func (l *lease) HttpNfcLeaseGetManifest(*simulator.Context, *types.HttpNfcLeaseGetManifest) soap.HasFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	res := &types.HttpNfcLeaseGetManifestResponse{}
	for _, file := range l.files {
		if file.sha1 != "" {
			res.Returnval = append(res.Returnval, types.HttpNfcLeaseManifestEntry{
				Key: file.device, Sha1: file.sha1, Checksum: file.sha1, ChecksumType: "sha1", Size: file.size,
			})
		}
	}
	return &methods.HttpNfcLeaseGetManifestBody{Res: res}
}

// ServeNFC serves the files of leases: /nfc/LEASE/NAME. Whoever knows the name of a lease needs no
// session.
func (s *Simulator) ServeNFC(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/nfc/"), "/")
	s.leases.mu.Lock()
	l := s.leases.byID[parts[0]]
	s.leases.mu.Unlock()
	if l == nil || len(parts) != 2 {
		http.NotFound(w, r)
		return
	}
	l.mu.Lock()
	file := l.files[parts[1]]
	l.mu.Unlock()
	switch {
	case file == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodGet:
		l.send(w, file)
	default:
		l.receive(w, r, file)
	}
}

// send sends a file, in chunks: a host makes it while it sends it.
func (l *lease) send(w http.ResponseWriter, file *leaseFile) {
	from, err := os.Open(file.path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer from.Close()
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	_ = http.NewResponseController(w).Flush()
	l.transfer(w, from, file)
}

func (l *lease) receive(w http.ResponseWriter, r *http.Request, file *leaseFile) {
	to, err := os.Create(file.path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer to.Close()
	if l.transfer(to, r.Body, file) != nil {
		return // the client is gone
	}
	w.WriteHeader(http.StatusCreated)
}

func (l *lease) transfer(to io.Writer, from io.Reader, file *leaseFile) error {
	sum := sha1.New()
	n, err := io.Copy(to, io.TeeReader(from, sum))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	file.size, file.sha1 = n, hex.EncodeToString(sum.Sum(nil))
	return nil
}

// exported lets a machine be exported, which the simulator's cannot.
type exported struct {
	*simulator.VirtualMachine
	sim     *Simulator
	session *simulator.Session
}

// Entity shows the simulator what it looks at before a call. See shown.
func (e *exported) Entity() *mo.ManagedEntity { return shown(e.VirtualMachine.Entity()) }

// ExportVm implements the method of that name.
func (e *exported) ExportVm(ctx *simulator.Context, _ *types.ExportVm) soap.HasFault {
	body := &methods.ExportVmBody{}
	if state := e.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		body.Fault_ = simulator.Fault("", &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: state})
		return body
	}
	l := e.sim.newLease(ctx, e.session)
	l.ready(e.VirtualMachine)
	body.Res = &types.ExportVmResponse{Returnval: l.Self}
	return body
}

// importer makes leases of ours for imports.
type importer struct {
	*simulator.ResourcePool
	sim     *Simulator
	session *simulator.Session
}

// Entity shows the simulator what it looks at before a call. See shown.
func (p *importer) Entity() *mo.ManagedEntity { return shown(p.ResourcePool.Entity()) }

// ImportVApp implements the method of that name, for a single machine.
func (p *importer) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	body := &methods.ImportVAppBody{}
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok || req.Folder == nil {
		body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: map[bool]string{false: "spec", true: "folder"}[ok]})
		return body
	}
	into, ok := ctx.Map.Get(*req.Folder).(*simulator.Folder)
	if !ok {
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: *req.Folder})
		return body
	}
	l := p.sim.newLease(ctx, p.session)
	res := (&folder{into}).CreateVMTask(ctx, &types.CreateVM_Task{This: into.Self, Config: spec.ConfigSpec, Pool: p.Self, Host: req.Host})
	if created, ok := res.(*methods.CreateVM_TaskBody); ok && created.Res != nil {
		task := ctx.Map.Get(created.Res.Returnval).(*simulator.Task)
		go l.follow(task)
	} else {
		l.fail(&types.LocalizedMethodFault{Fault: SystemError("the machine was not created")})
	}
	body.Res = &types.ImportVAppResponse{Returnval: l.Self}
	return body
}

// follow makes the lease of an import ready once its machine is made.
func (l *lease) follow(task *simulator.Task) {
	task.Wait()
	made, ok := task.Info.Result.(ref)
	if !ok {
		l.fail(task.Info.Error)
		return
	}
	l.machine = made
	l.ready(l.ctx.Map.Get(made).(*simulator.VirtualMachine))
}
