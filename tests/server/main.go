// Command vcenter is a simulated vCenter for tests and demonstrations: the simulator
// of govmomi, corrected where it is more forgiving than the API reference or lacks
// what the tests need. README.md lists the corrections.
package main

import (
	"log"

	"perilune/tests/server/internal/front"
	"perilune/tests/server/internal/launch"
	"perilune/tests/server/internal/sim"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("vcenter: ")
	options, err := launch.ParseFlags()
	if err != nil {
		log.Fatal(err)
	}
	if err := launch.Run(options, correct); err != nil {
		log.Fatal(err)
	}
}

// correct turns the plain simulator into the corrected one.
func correct(s *launch.Server) error {
	sim.Install(s.Model.Service)
	front.Install(s.Model.Service)
	return nil
}
