package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"perilune/tests/server/internal/launch"
)

const (
	envelope = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`
	ending   = `</e:Body></e:Envelope>`
)

func TestRefusesWhatTheSchemaForbids(t *testing.T) {
	v := start(t, nil)
	status, body := v.http("POST", "/sdk", envelope+
		`<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this><x/></CurrentTime>`+ending)
	if status != http.StatusInternalServerError {
		t.Errorf("status %d", status)
	}
	v.contains(body, `xsi:type="InvalidRequest"`)
	v.contains(body, "Element &#39;x&#39;: This element is not expected.")
	if n := v.requests("refused", "CurrentTime"); n != 1 {
		t.Errorf("%d refused", n)
	}
}

func TestLenientServerForgives(t *testing.T) {
	v := start(t, func(_ *launch.Options, s *settings) { s.lenient = true })
	status, _ := v.http("POST", "/sdk", envelope+
		`<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this><x/></RetrieveServiceContent>`+ending)
	if status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}

// TestAcceptsGovc runs the commands of testdata/govc.txt.
func TestAcceptsGovc(t *testing.T) {
	govc, err := filepath.Abs("../../build/bin/govc")
	if err == nil {
		_, err = os.Stat(govc)
	}
	if err != nil {
		t.Fatalf("%v: build it with build.sh", err)
	}
	file, err := os.Open("testdata/govc.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	v := start(t, nil)
	home := t.TempDir()
	v.ok(os.WriteFile(filepath.Join(home, "h"), []byte("x"), 0o600)) // for datastore.upload
	commands := bufio.NewScanner(file)
	for commands.Scan() {
		line, must := strings.CutPrefix(commands.Text(), "+ ")
		if strings.HasPrefix(line, "#") {
			continue
		}
		command := exec.CommandContext(v.ctx, govc, words(line)...)
		command.Dir = home
		command.Env = append(os.Environ(), "GOVC_URL="+v.server.URL.String(), "GOVC_INSECURE=true", "HOME="+home)
		if out, err := command.CombinedOutput(); err != nil && must {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	_, body := v.http("GET", "/_test/requests", "")
	v.contains(body, `"refused": {}`)
}

// words splits a line at spaces, except in double quotes.
func words(line string) []string {
	quoted := false
	list := strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for i, word := range list {
		list[i] = strings.ReplaceAll(word, `"`, "")
	}
	return list
}
