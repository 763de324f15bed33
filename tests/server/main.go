// Command vcenter is a simulated vCenter for tests and demonstrations: the simulator
// of govmomi, corrected where it is more forgiving than the API reference or lacks
// what the tests need. README.md lists the corrections.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/front"
	"perilune/tests/server/internal/launch"
	"perilune/tests/server/internal/schema"
	"perilune/tests/server/internal/sim"
	"perilune/tests/server/internal/sso"
)

// settings are the flags that vcsim does not have.
type settings struct {
	rules   string
	lenient bool
	idle    time.Duration
	lease   time.Duration
	api     bool
	users   string
	tunnel  string
	page    int
}

func main() {
	log.SetPrefix("vcenter: ")
	log.SetFlags(log.Ltime | log.Lmicroseconds | log.Lmsgprefix)
	var own settings
	flag.StringVar(&own.rules, "rules", "", "begin with the rules of this JSON `file`")
	flag.BoolVar(&own.lenient, "lenient", false, "do not hold requests against the schema of the API")
	flag.DurationVar(&own.idle, "session-timeout", 0, "end sessions that were idle so long (default: never)")
	flag.DurationVar(&own.lease, "lease-timeout", 0, "end leases of imports and exports after so long without progress (default: 5 minutes)")
	flag.BoolVar(&own.api, "api", false, "serve sessions, tags and libraries under /api/ too, as vCenter 7 and later do")
	flag.StringVar(&own.users, "sso-users", "", "certificates that single sign-on takes instead of a password, as PEM `file`")
	flag.StringVar(&own.tunnel, "tunnel", "", "listen here for CONNECT sdkTunnel:8089, where extensions log in")
	flag.IntVar(&own.page, "page-size", 0, "give so many objects at once when properties are read (default: all that the client asks for)")
	options, err := launch.ParseFlags("8.0.3.0")
	if err != nil {
		log.Fatal(err)
	}
	sim.SetProduct(&options.Model.ServiceContent.About)
	if err := launch.Run(options, own.correct); err != nil {
		log.Fatal(err)
	}
}

// correct turns the plain simulator into the corrected one.
func (own *settings) correct(s *launch.Server) error {
	service := s.Model.Service
	rules := &front.Rules{}
	if own.rules != "" {
		if err := rules.Load(own.rules); err != nil {
			return err
		}
	}
	var validator *schema.Validator
	if !own.lenient {
		var err error
		if validator, err = schema.New(sim.About(service).ApiVersion); err != nil {
			return err
		}
	}
	corrected := sim.Install(service)
	corrected.PlanTask = rules.Plan
	corrected.PageSize = own.page
	if own.idle > 0 {
		corrected.EndIdleSessions(own.idle)
	}
	if own.lease > 0 {
		corrected.SetLeaseTimeout(own.lease)
	}
	logins, err := own.logins(service)
	if err != nil {
		return err
	}
	installed := front.Install(service, corrected, validator, rules, logins)
	if own.api && service.Context.Map.IsVPX() {
		installed.ServeAPI()
	}
	if own.tunnel == "" {
		return nil
	}
	address, err := front.StartTunnel(own.tunnel, service.TLS, service.ServeMux)
	s.Announce("PERILUNE_TUNNEL", address)
	return err
}

// logins is single sign-on, with the users that may log in by password.
func (own *settings) logins(service *simulator.Service) (*sso.Service, error) {
	manager := service.Context.Map.SessionManager()
	logins := sso.New(func(user, password string) bool {
		return manager.Authenticate(*service.Listen, &types.Login{UserName: user, Password: password})
	})
	if own.users == "" {
		return logins, nil
	}
	return logins, logins.Load(own.users)
}
