package launch

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"

	// The endpoints beside /sdk that vcsim serves.
	_ "github.com/vmware/govmomi/cns/simulator"
	_ "github.com/vmware/govmomi/eam/simulator"
	_ "github.com/vmware/govmomi/lookup/simulator"
	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/ssoadmin/simulator"
	_ "github.com/vmware/govmomi/sts/simulator"
	_ "github.com/vmware/govmomi/vapi/appliance/simulator"
	_ "github.com/vmware/govmomi/vapi/cis/tasks/simulator"
	_ "github.com/vmware/govmomi/vapi/cluster/simulator"
	_ "github.com/vmware/govmomi/vapi/crypto/simulator"
	_ "github.com/vmware/govmomi/vapi/esx/settings/simulator"
	_ "github.com/vmware/govmomi/vapi/namespace/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
	_ "github.com/vmware/govmomi/vapi/vcenter/consumptiondomains/simulator"
	_ "github.com/vmware/govmomi/vapi/vm/simulator"
	_ "github.com/vmware/govmomi/vsan/simulator"
	_ "github.com/vmware/govmomi/vslm/simulator"
)

// Server is a listening simulator.
type Server struct {
	Model *simulator.Model
	URL   *url.URL // with user and password
	inner *simulator.Server
	more  []string // variables of the environment that is printed
}

// Announce adds a variable to the environment that is printed.
func (s *Server) Announce(name, value string) {
	s.more = append(s.more, name+"="+value)
}

// Announced is the value of such a variable, "" if there is none.
func (s *Server) Announced(name string) string {
	for _, variable := range s.more {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}

// Extend changes a simulator that is complete but known to nobody yet.
type Extend func(*Server) error

// Start makes the inventory and listens. extend may be nil.
func Start(o *Options, extend Extend) (*Server, error) {
	if err := hostTemplate(o.Listen); err != nil {
		return nil, err
	}
	m := o.Model
	m.ServiceContent.About.FullName += " (govmomi simulator)"
	m.ServiceContent.About.OsType = runtime.GOOS + "-" + runtime.GOARCH
	config, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if o.LoadDir == "" {
		err = m.Create()
	} else {
		err = load(m, o.LoadDir)
	}
	if err != nil {
		m.Remove()
		return nil, err
	}
	service := m.Service
	service.RegisterEndpoints = true
	ready := make(chan struct{})
	service.TLS = gated(config, ready)
	service.ServeMux = http.NewServeMux()
	service.Listen = &url.URL{Host: o.Listen}
	if o.User != "" {
		service.Listen.User = url.UserPassword(o.User, o.Pass)
	}
	s := &Server{Model: m, inner: service.NewServer()}
	s.URL = s.inner.URL
	if extend != nil {
		if err := extend(s); err != nil {
			s.Close()
			return nil, err
		}
	}
	close(ready)
	return s, nil
}

// gated lets TLS handshakes wait until the server is ready: it listens before extend is done, and
// where one was killed and starts again, clients are there already.
func gated(config *tls.Config, ready <-chan struct{}) *tls.Config {
	if config != nil {
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			<-ready
			return nil, nil //nolint:nilnil // the configuration as it is
		}
	}
	return config
}

// load loads an inventory that was saved, without the sessions that there were.
func load(m *simulator.Model, dir string) error {
	if err := m.Load(dir); err != nil {
		return err
	}
	for _, obj := range m.Map().AllReference("") {
		if manager, ok := obj.(*simulator.SessionManager); ok {
			manager.CurrentSession, manager.SessionList = nil, nil
		}
	}
	return nil
}

// Close stops listening and removes the files of the inventory.
func (s *Server) Close() {
	s.inner.CloseClientConnections()
	s.inner.Close()
	s.Model.Remove()
}

// Run starts, prints the environment, and serves until a signal, or stdin, ends it.
func Run(o *Options, extend Extend) error {
	if err := openTrace(o.TraceFile); err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	s, err := Start(o, extend)
	if err != nil {
		return err
	}
	defer s.Model.Remove()
	if err := s.announce(o.Env); err != nil {
		return err
	}
	if o.StdinExit {
		go func() {
			_, _ = os.Stdin.Read(make([]byte, 1))
			end <- syscall.SIGTERM
		}()
	}
	<-end
	return nil
}

// announce prints what the caller waits for. A file must exist already: a fifo does.
func (s *Server) announce(path string) error {
	more := strings.Join(append([]string{""}, s.more...), " ")
	out := os.Stdout
	if path != "-" {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	_, err := fmt.Fprintf(out, "export GOVC_URL=%s GOVC_SIM_PID=%d%s\n", s.URL, os.Getpid(), more)
	return err
}

// hostTemplate gives the hosts of the inventory the address of the server.
func hostTemplate(listen string) error {
	addr, port, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	esx.HostSystem.Summary.ManagementServerIp = addr
	if n, err := strconv.ParseInt(port, 10, 32); err != nil {
		return err
	} else if n != 0 {
		esx.HostSystem.Summary.Config.Port = int32(n)
	}
	for i := range esx.HostConfigInfo.Network.Vnic {
		esx.HostConfigInfo.Network.Vnic[i].Spec.Ip.IpAddress = addr
	}
	return nil
}
