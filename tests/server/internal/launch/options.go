// Package launch starts a simulated vCenter from the command line: flags, inventory,
// certificate, listening, and the ways it ends.
package launch

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
)

// Options is what the command line says. The flags mean what they mean in vcsim.
type Options struct {
	Model *simulator.Model

	Listen     string // host:port
	ESX        bool
	TLS        bool
	CertFile   string // PEM; empty: a throw-away certificate
	KeyFile    string
	CAFile     string // where to write the throw-away certificate authority
	Env        string // where to print the environment: "-" or an existing file
	User, Pass string // empty user: anybody may log in
	TraceFile  string
	StdinExit  bool
	LoadDir    string
}

// ParseFlags reads the command line. apiVersion is what is reported without -api-version, ""
// for what the simulator reports. More flags may have been defined on flag.CommandLine before.
func ParseFlags(apiVersion string) (*Options, error) {
	model := simulator.VPX()
	o := &Options{Model: model}
	if apiVersion != "" {
		model.ServiceContent.About.ApiVersion = apiVersion
	}
	o.inventoryFlags()
	o.serverFlags()
	delays := flag.String("method-delay", "", "delays in ms of single methods or tasks: `NAME:MS,…`")
	flag.Parse()
	if flag.NArg() != 0 {
		return nil, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if err := o.methodDelays(*delays); err != nil {
		return nil, err
	}
	if o.ESX {
		o.Model = esxModel(model)
	}
	return o, nil
}

func (o *Options) inventoryFlags() {
	m := o.Model
	counts := []struct {
		field *int
		name  string
		usage string
	}{
		{&m.Datacenter, "dc", "number of datacenters"},
		{&m.Cluster, "cluster", "number of clusters per datacenter"},
		{&m.ClusterHost, "host", "number of hosts per cluster"},
		{&m.Host, "standalone-host", "number of standalone hosts per datacenter"},
		{&m.Datastore, "ds", "number of datastores"},
		{&m.Machine, "vm", "number of virtual machines per resource pool"},
		{&m.Pool, "pool", "number of resource pools per cluster"},
		{&m.App, "app", "number of virtual apps per compute resource"},
		{&m.Pod, "pod", "number of storage pods per datacenter"},
		{&m.Portgroup, "pg", "number of distributed port groups"},
		{&m.PortgroupNSX, "pg-nsx", "number of NSX backed port groups"},
		{&m.OpaqueNetwork, "nsx", "number of opaque networks"},
		{&m.Folder, "folder", "number of datacenters to put into folders"},
	}
	for _, c := range counts {
		flag.IntVar(c.field, c.name, *c.field, c.usage)
	}
	flag.BoolVar(&m.Autostart, "autostart", m.Autostart, "power on the virtual machines made at the start")
	version := &m.ServiceContent.About.ApiVersion
	flag.StringVar(version, "api-version", *version, "API version to report")
	flag.IntVar(&m.DelayConfig.Delay, "delay", 0, "delay of every SOAP call, in ms")
	flag.Float64Var(&m.DelayConfig.DelayJitter, "delay-jitter", 0, "coefficient of variation of the delays")
}

func (o *Options) serverFlags() {
	flag.BoolVar(&o.ESX, "esx", false, "simulate a single ESXi host")
	flag.StringVar(&o.Listen, "l", "127.0.0.1:8989", "address to listen on; port 0 takes a free one")
	flag.BoolVar(&o.TLS, "tls", true, "speak TLS")
	flag.StringVar(&o.CertFile, "tlscert", "", "PEM file with the certificate chain (default: a throw-away one)")
	flag.StringVar(&o.KeyFile, "tlskey", "", "PEM file with the private key")
	flag.StringVar(&o.CAFile, "ca-file", "", "write the throw-away certificate authority to this file, as PEM")
	flag.StringVar(&o.Env, "E", "-", "print the environment to this existing file or fifo; - is stdout")
	flag.StringVar(&o.User, "username", "", "the only user who may log in (default: anybody)")
	flag.StringVar(&o.Pass, "password", "", "the password of -username")
	flag.StringVar(&o.TraceFile, "trace-file", "", "write all requests and replies to this file, passwords too")
	flag.BoolVar(&o.StdinExit, "stdinexit", false, "exit at the first byte or the end of stdin")
	flag.StringVar(&o.LoadDir, "load", "", "load the inventory that govc object.save wrote to this directory")
}

func (o *Options) methodDelays(list string) error {
	if list == "" {
		return nil
	}
	delays := make(map[string]int)
	for item := range strings.SplitSeq(list, ",") {
		name, text, found := strings.Cut(strings.TrimSpace(item), ":")
		ms, err := strconv.Atoi(text)
		if !found || err != nil {
			return fmt.Errorf("-method-delay: %q is not NAME:MS", item)
		}
		delays[name] = ms
	}
	o.Model.DelayConfig.MethodDelay = delays
	simulator.TaskDelay.MethodDelay = delays
	return nil
}

// esxModel keeps of the flags what a single host has.
func esxModel(flags *simulator.Model) *simulator.Model {
	m := simulator.ESX()
	m.Datastore = flags.Datastore
	m.Machine = flags.Machine
	m.Autostart = flags.Autostart
	m.DelayConfig = flags.DelayConfig
	m.ServiceContent.About.ApiVersion = flags.ServiceContent.About.ApiVersion
	return m
}

func openTrace(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	simulator.TraceFile, simulator.Trace = f, true
	return nil
}
