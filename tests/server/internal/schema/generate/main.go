// Command generate writes the XML Schema of the vim25 API, vim25.xsd, from the type
// definitions of the govmomi release that go.mod names: the order of fields, what is
// optional, what derives from what, the members of enumerations, and the API version that
// brought each (attribute v:since). Run it with `go generate ./internal/schema`.
package main

import (
	"bufio"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"perilune/tests/server/internal/schema/source"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	if err != nil {
		log.Fatal(err)
	}
	root := strings.TrimSpace(string(dir))
	a := api{source.New()}
	for _, name := range []string{"vim25/types/types.go", "vim25/types/enum.go", "vim25/types/unreleased.go", "internal/types.go"} {
		if err := a.Read(filepath.Join(root, name)); err != nil {
			log.Fatal(err)
		}
	}
	if err := a.ReadManaged(filepath.Join(root, "vim25/mo/mo.go")); err != nil {
		log.Fatal(err)
	}
	a.correct()
	file, err := os.Create("vim25.xsd")
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriter(file)
	a.write(out)
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
