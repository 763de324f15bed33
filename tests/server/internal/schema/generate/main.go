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
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	if err != nil {
		log.Fatal(err)
	}
	root := strings.TrimSpace(string(dir))
	api := newAPI()
	for _, name := range []string{"vim25/types/types.go", "vim25/types/enum.go", "vim25/types/unreleased.go", "internal/types.go"} {
		if err := api.read(filepath.Join(root, name)); err != nil {
			log.Fatal(err)
		}
	}
	if err := api.readManaged(filepath.Join(root, "vim25/mo/mo.go")); err != nil {
		log.Fatal(err)
	}
	api.correct()
	file, err := os.Create("vim25.xsd")
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriter(file)
	api.write(out)
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
