package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/launch"
	"perilune/tests/server/internal/sim"
)

// vcenter is a server under test, and a client that is logged in.
type vcenter struct {
	*testing.T
	*govmomi.Client
	server *launch.Server
	find   *find.Finder
	ctx    context.Context
}

// start starts a server with vcsim's default inventory. change may be nil.
func start(t *testing.T, change func(*launch.Options, *settings)) *vcenter {
	t.Helper()
	options := &launch.Options{Model: simulator.VPX(), Listen: "127.0.0.1:0", TLS: true, User: "root", Pass: "secret"}
	options.Model.ServiceContent.About.ApiVersion = "8.0.3.0"
	sim.SetProduct(&options.Model.ServiceContent.About)
	own := &settings{}
	if change != nil {
		change(options, own)
	}
	server, err := launch.Start(options, own.correct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	client, err := govmomi.NewClient(ctx, server.URL, true)
	if err != nil {
		t.Fatal(err)
	}
	finder := find.NewFinder(client.Client)
	dc, err := finder.Datacenter(ctx, "/DC0")
	if err != nil {
		t.Fatal(err)
	}
	finder.SetDatacenter(dc)
	return &vcenter{t, client, server, finder, ctx}
}

// ok ends the test if err is not nil.
func (v *vcenter) ok(err error) {
	v.Helper()
	if err != nil {
		v.Fatalf("%v (%T)", err, err)
	}
}

// fault ends the test unless err is the fault of a call or of a task, of the type of want.
func fault[T types.BaseMethodFault](v *vcenter, err error) T {
	v.Helper()
	var got any
	var failed task.Error
	switch {
	case errors.As(err, &failed):
		got = failed.Fault()
	case soap.IsSoapFault(err):
		f := soap.ToSoapFault(err).VimFault()
		p := reflect.New(reflect.TypeOf(f))
		p.Elem().Set(reflect.ValueOf(f))
		got = p.Interface()
	}
	want, ok := got.(T)
	if !ok {
		v.Fatalf("got %v (%T), not the fault %T", err, got, want)
	}
	return want
}

func (v *vcenter) host(name string) *object.HostSystem {
	v.Helper()
	host, err := v.find.HostSystem(v.ctx, name)
	v.ok(err)
	return host
}

func (v *vcenter) vm(name string) *object.VirtualMachine {
	v.Helper()
	vm, err := v.find.VirtualMachine(v.ctx, name)
	v.ok(err)
	return vm
}

// get reads properties of one object into a struct of package mo.
func (v *vcenter) get(obj object.Reference, into any, properties ...string) {
	v.Helper()
	v.ok(property.DefaultCollector(v.Client.Client).RetrieveOne(v.ctx, obj.Reference(), properties, into))
}

// spec is that of a machine with a card on a network.
func spec(name, network string) types.VirtualMachineConfigSpec {
	return types.VirtualMachineConfigSpec{
		Name:     name,
		GuestId:  "debian12_64Guest",
		NumCPUs:  2,
		MemoryMB: 1024,
		Files:    &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			&types.VirtualDeviceConfigSpec{
				Operation: types.VirtualDeviceConfigSpecOperationAdd,
				Device: &types.VirtualVmxnet3{VirtualVmxnet: types.VirtualVmxnet{
					VirtualEthernetCard: types.VirtualEthernetCard{VirtualDevice: types.VirtualDevice{
						Key: -1,
						Backing: &types.VirtualEthernetCardNetworkBackingInfo{
							VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: network},
						},
					}},
				}},
			},
		},
	}
}

// create makes a machine in a folder and in the cluster. host may be nil.
func (v *vcenter) create(folder *object.Folder, spec types.VirtualMachineConfigSpec, host *object.HostSystem) (*object.VirtualMachine, error) {
	v.Helper()
	pool, err := v.find.ResourcePool(v.ctx, "DC0_C0/Resources")
	v.ok(err)
	t, err := folder.CreateVM(v.ctx, spec, pool, host)
	if err != nil {
		return nil, err
	}
	info, err := t.WaitForResult(v.ctx)
	if err != nil {
		return nil, err
	}
	return object.NewVirtualMachine(v.Client.Client, info.Result.(types.ManagedObjectReference)), nil
}

func (v *vcenter) folder(name string) *object.Folder {
	v.Helper()
	root, err := v.find.Folder(v.ctx, "/DC0/vm")
	v.ok(err)
	folder, err := root.CreateFolder(v.ctx, name)
	v.ok(err)
	return folder
}

// await waits for the task that a call returned.
func (v *vcenter) await(t *object.Task, err error) error {
	if err != nil {
		return err
	}
	return t.Wait(v.ctx)
}

// http sends a request to another path than /sdk and returns status and body.
func (v *vcenter) http(method, path, body string) (int, string) {
	v.Helper()
	u := fmt.Sprintf("%s://%s%s", v.server.URL.Scheme, v.server.URL.Host, path)
	req, err := http.NewRequestWithContext(v.ctx, method, u, bytes.NewReader([]byte(body)))
	v.ok(err)
	res, err := v.Client.Client.Client.Transport.RoundTrip(req)
	v.ok(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	v.ok(err)
	return res.StatusCode, string(text)
}

// rule adds a rule.
func (v *vcenter) rule(text string) {
	v.Helper()
	if status, body := v.http("POST", "/_test/rules", text); status != http.StatusNoContent {
		v.Fatalf("%d %s", status, body)
	}
}

// requests returns a counter of /_test/requests.
func (v *vcenter) requests(kind, name string) int {
	v.Helper()
	_, body := v.http("GET", "/_test/requests", "")
	var all map[string]json.RawMessage
	v.ok(json.Unmarshal([]byte(body), &all))
	counts := map[string]int{}
	v.ok(json.Unmarshal(all[kind], &counts))
	return counts[name]
}

func (v *vcenter) contains(text, part string) {
	v.Helper()
	if !strings.Contains(text, part) {
		v.Errorf("%q does not contain %q", text, part)
	}
}
