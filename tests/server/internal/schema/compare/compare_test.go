package compare

import (
	"bytes"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"perilune/tests/server/internal/schema/source"
)

//go:embed differences.txt
var listed string

// govmomi returns the folder of the release that go.mod names.
func govmomi(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

func ours(t *testing.T, files ...string) schema {
	t.Helper()
	s := schema{map[string]*dataType{}, map[string]*enum{}, map[string]*method{}, map[string]string{}}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("../../../../../bindings/schema", name+".schema"))
		if err != nil {
			t.Fatal(err)
		}
		if err := readSchema(&s, bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func theirs(t *testing.T) *source.API {
	t.Helper()
	root, api := govmomi(t), source.New()
	for _, name := range []string{
		"vim25/types/types.go", "vim25/types/enum.go", "vim25/types/unreleased.go", "internal/types.go",
		"pbm/types/types.go", "pbm/types/enum.go", "pbm/types/internal_types.go",
	} {
		if err := api.Read(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := api.ReadManaged(filepath.Join(root, "vim25/mo/mo.go")); err != nil {
		t.Fatal(err)
	}
	return api
}

// listedLines returns the lines of differences.txt by number of times, without the reasons. A
// line must stand below a reason.
func listedLines(t *testing.T) map[string]int {
	t.Helper()
	lines, reason := map[string]int{}, ""
	for line := range strings.Lines(listed) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
			reason = ""
		case strings.HasPrefix(line, "# "):
			reason = line
		case reason == "":
			t.Errorf("no reason is given for %q", line)
		default:
			lines[line]++
		}
	}
	return lines
}

func TestEachDifferenceFromGovmomiIsListedWithItsReason(t *testing.T) {
	known := listedLines(t)
	for _, line := range differences(ours(t, "vim25", "pbm"), theirs(t)) {
		if known[line] == 0 {
			t.Errorf("not listed: %s", line)
		}
		delete(known, line)
	}
	for line := range known {
		t.Errorf("listed, but there is no such difference: %s", line)
	}
}

func TestChangesAreSeen(t *testing.T) {
	api := theirs(t)
	before := differences(ours(t, "vim25", "pbm"), api)
	for _, change := range []struct {
		want string
		make func(s *schema)
	}{
		{"data PbmProfile only in Go", func(s *schema) { delete(s.data, "PbmProfile") }},
		{"data VirtualDisk extends VirtualController, in Go VirtualDevice", func(s *schema) { s.data["VirtualDisk"].base = "VirtualController" }},
		{"field VirtualDisk.capacityInBytes stands elsewhere in Go", func(s *schema) { f := s.data["VirtualDisk"].fields; f[0], f[1] = f[1], f[0] }},
		{"field VirtualDisk.capacityInKB is optional, in Go required", func(s *schema) { s.data["VirtualDisk"].fields[0].optional = true }},
		{"field VirtualDisk.capacityInKB is a list, in Go no list", func(s *schema) { s.data["VirtualDisk"].fields[0].array = true }},
		{"field VirtualDisk.capacityInKB is of int, in Go long", func(s *schema) { s.data["VirtualDisk"].fields[0].typeName = "int" }},
		{"field AboutInfo.patchLevel since 8.0.1.0, in Go 7.0.2.0", func(s *schema) {
			for i, f := range s.data["AboutInfo"].fields {
				if f.name == "patchLevel" {
					s.data["AboutInfo"].fields[i].since = "8.0.1.0"
				}
			}
		}},
		{"member VirtualMachinePowerState.suspended only in Go", func(s *schema) {
			e := s.enums["VirtualMachinePowerState"]
			e.members = e.members[:len(e.members)-1]
		}},
		{"field PowerOnVM_Task.host only in Go", func(s *schema) {
			s.methods["PowerOnVM_Task"].params = append(s.methods["PowerOnVM_Task"].params[:0:0], field{name: "hosts"})
		}},
		{"method PowerOnVM_Task returns nothing, in Go ManagedObjectReference", func(s *schema) { s.methods["PowerOnVM_Task"].returns = "" }},
		{"managed VirtualMachine extends nothing, in Go ManagedEntity", func(s *schema) { s.managed["VirtualMachine"] = "" }},
	} {
		changed := ours(t, "vim25", "pbm")
		change.make(&changed)
		after := differences(changed, api)
		if slices.Contains(before, change.want) || !slices.Contains(after, change.want) {
			t.Errorf("%q is not seen", change.want)
		}
	}
}
