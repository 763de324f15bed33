package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/launch"
)

func (v *vcenter) sessions() int {
	v.Helper()
	var m mo.SessionManager
	v.get(v.Client.ServiceContent.SessionManager, &m, "sessionList")
	return len(m.SessionList)
}

func TestSessionListIsTrue(t *testing.T) {
	v := start(t, nil)
	if n := v.sessions(); n != 1 {
		t.Errorf("%d sessions", n)
	}
	second, err := govmomi.NewClient(v.ctx, v.server.URL, true)
	v.ok(err)
	if n := v.sessions(); n != 2 {
		t.Errorf("%d sessions", n)
	}
	v.ok(second.Logout(v.ctx))
	if n := v.sessions(); n != 1 {
		t.Errorf("%d sessions after a logout", n)
	}
}

func TestWrongPassword(t *testing.T) {
	v := start(t, nil)
	c, err := vim25.NewClient(v.ctx, soap.NewClient(v.server.URL, true))
	v.ok(err)
	err = session.NewManager(c).Login(v.ctx, url.UserPassword("root", "wrong"))
	fault[*types.InvalidLogin](v, err)
	v.contains(err.Error(), "incorrect user name or password")
	if n := v.requests("failed", "Login"); n != 1 {
		t.Errorf("%d failed logins", n)
	}
}

func TestIdleSessionsEnd(t *testing.T) {
	v := start(t, func(_ *launch.Options, s *settings) { s.idle = 200 * time.Millisecond })
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		second, err := govmomi.NewClient(v.ctx, v.server.URL, true)
		v.ok(err)
		var m mo.SessionManager
		v.ok(second.RetrieveOne(v.ctx, *second.ServiceContent.SessionManager, []string{"sessionList"}, &m))
		v.ok(second.Logout(v.ctx))
		if len(m.SessionList) == 1 {
			break
		}
	}
	_, err := methods.GetCurrentTime(v.ctx, v.Client)
	fault[*types.NotAuthenticated](v, err)
}

func TestVersions(t *testing.T) {
	v := start(t, nil)
	about := v.Client.ServiceContent.About
	if about.ApiVersion != "8.0.3.0" || about.Version != "8.0.3" {
		t.Errorf("%+v", about)
	}
	v.contains(about.FullName, "VMware vCenter Server 8.0.3 build-")
	status, body := v.http("GET", "/sdk/vimServiceVersions.xml", "")
	if status != http.StatusOK {
		t.Errorf("%d", status)
	}
	v.contains(body, "<name>urn:vim25</name>\n  <version>8.0.3.0</version>\n  <priorVersions>\n   <version>8.0.2.0</version>")
}

func TestRequestsAreCounted(t *testing.T) {
	v := start(t, nil)
	v.http("DELETE", "/_test/requests", "")
	for range 3 {
		_, err := methods.GetCurrentTime(v.ctx, v.Client)
		v.ok(err)
	}
	if n := v.requests("soap", "CurrentTime"); n != 3 {
		t.Errorf("%d", n)
	}
}

func TestThrowAwayCertificate(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	v := start(t, func(o *launch.Options, _ *settings) { o.CAFile = ca })
	c := soap.NewClient(v.server.URL, false)
	if _, err := vim25.NewClient(v.ctx, c); err == nil {
		t.Error("trusted by those who do not know it")
	}
	c = soap.NewClient(v.server.URL, false)
	v.ok(c.SetRootCAs(ca))
	_, err := vim25.NewClient(v.ctx, c)
	v.ok(err)
}
