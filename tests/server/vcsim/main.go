// Command vcsim is the simulator of the pinned govmomi release as it is, without
// any of the corrections of the command vcenter. It differs from the released
// vcsim in one thing: its certificate is one that OpenSSL accepts.
package main

import (
	"log"

	"perilune/tests/server/internal/launch"
)

func main() {
	log.SetFlags(0)
	options, err := launch.ParseFlags("")
	if err != nil {
		log.Fatal(err)
	}
	if err := launch.Run(options, nil); err != nil {
		log.Fatal(err)
	}
}
