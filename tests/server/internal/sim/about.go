package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// SetProduct makes the product in about the one that has its API version: the simulator says
// 6.5.0 of itself whatever the API version.
func SetProduct(about *types.AboutInfo) {
	parts := strings.SplitN(about.ApiVersion, ".", 4)
	if len(parts) < 3 {
		parts = append(parts, "0", "0")
	}
	about.Version = strings.Join(parts[:3], ".")
	about.Build = "24022515"
	about.FullName = fmt.Sprintf("%s %s build-%s", about.Name, about.Version, about.Build)
	about.LicenseProductVersion = parts[0] + ".0"
}

// About returns what a server says of itself.
func About(service *simulator.Service) types.AboutInfo {
	return serviceContent(service.Context.Map).About
}

func serviceContent(r *simulator.Registry) types.ServiceContent {
	instance := types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}
	return r.Get(instance).(*simulator.ServiceInstance).Content
}

// EndIdleSessions makes sessions of SOAP and REST end that were idle for so long.
func (s *Simulator) EndIdleSessions(timeout time.Duration) {
	s.registry.OptionManager().UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
		&types.OptionValue{Key: "config.vmacore.soap.sessionTimeout", Value: timeout.String()},
	}})
}
