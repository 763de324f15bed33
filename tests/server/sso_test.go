package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/launch"
)

// identity makes a certificate with its key.
func identity(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// startSSO starts a server whose single sign-on knows the certificate.
func startSSO(t *testing.T, known *tls.Certificate) *vcenter {
	path := filepath.Join(t.TempDir(), "users.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: known.Certificate[0]})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// govmomi leaves out the namespace of a LoginByToken that it signs
	return start(t, func(_ *launch.Options, s *settings) { s.users, s.lenient = path, true })
}

// issue asks the token service as govmomi does.
func (v *vcenter) issue(request sts.TokenRequest) (*sts.Signer, error) {
	v.Helper()
	c, err := vim25.NewClient(v.ctx, soap.NewClient(v.server.URL, true))
	v.ok(err)
	service, err := sts.NewClient(v.ctx, c)
	v.ok(err)
	return service.Issue(v.ctx, request)
}

// logIn logs in to SOAP and REST with what a signer has.
func (v *vcenter) logIn(signer *sts.Signer) (error, error) {
	v.Helper()
	c, err := vim25.NewClient(v.ctx, soap.NewClient(v.server.URL, true))
	v.ok(err)
	one := session.NewManager(c).LoginByToken(c.WithHeader(v.ctx, soap.Header{Security: signer}))
	r := rest.NewClient(c)
	return one, r.LoginByToken(r.WithSigner(v.ctx, signer))
}

func TestTokensOfGovmomiAreVerified(t *testing.T) {
	known, stranger := identity(t, "robot"), identity(t, "stranger")
	v := startSSO(t, known)
	for name, request := range map[string]sts.TokenRequest{
		"password":    {Userinfo: url.UserPassword("root", "secret")},
		"certificate": {Certificate: known},
		"both":        {Userinfo: url.UserPassword("root", "secret"), Certificate: stranger},
	} {
		signer, err := v.issue(request)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if one, two := v.logIn(signer); one != nil || two != nil {
			t.Errorf("%s: %v, %v", name, one, two)
		}
	}
	for name, request := range map[string]sts.TokenRequest{
		"wrong password":      {Userinfo: url.UserPassword("root", "wrong")},
		"unknown certificate": {Certificate: stranger},
		"another's key":       {Certificate: &tls.Certificate{Certificate: known.Certificate, PrivateKey: stranger.PrivateKey}},
	} {
		if _, err := v.issue(request); err == nil {
			t.Errorf("%s: a token", name)
		}
	}
}

func TestTokensAreHeldAgainstWhoShowsThem(t *testing.T) {
	known, stranger := identity(t, "robot"), identity(t, "stranger")
	v := startSSO(t, known)
	bound, err := v.issue(sts.TokenRequest{Certificate: known})
	v.ok(err)
	bearer, err := v.issue(sts.TokenRequest{Userinfo: url.UserPassword("root", "secret")})
	v.ok(err)
	for name, signer := range map[string]*sts.Signer{
		"bound, not signed":        {Token: bound.Token},
		"bound, signed by another": {Token: bound.Token, Certificate: stranger},
		"another user":             {Token: strings.Replace(bearer.Token, "root@", "admin@", 1)},
		"another end":              {Token: strings.Replace(bearer.Token, "NotOnOrAfter=\"2", "NotOnOrAfter=\"3", 1)},
		"govmomi's own of 2018":    {Token: "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"},
	} {
		one, two := v.logIn(signer)
		if two == nil {
			t.Errorf("%s: REST let it in", name)
		}
		if one == nil {
			t.Errorf("%s: SOAP let it in", name)
			continue
		}
		fault[*types.InvalidLogin](v, one)
	}
}

func TestOldTokensAreRefused(t *testing.T) {
	v := startSSO(t, identity(t, "robot"))
	signer, err := v.issue(sts.TokenRequest{Userinfo: url.UserPassword("root", "secret"), Lifetime: time.Second})
	v.ok(err)
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		if one, _ := v.logIn(signer); one != nil {
			fault[*types.InvalidLogin](v, one)
			return
		}
	}
	t.Error("a token of a second ago is good for five")
}

func TestExtensionsLogInThroughTheTunnel(t *testing.T) {
	own, other := identity(t, "extension"), identity(t, "other")
	v := start(t, func(_ *launch.Options, s *settings) { s.tunnel = "127.0.0.1:0" })
	key := "com.vmware.govmomi.simulator"
	var text bytes.Buffer
	v.ok(pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	_, err := methods.SetExtensionCertificate(v.ctx, v.Client, &types.SetExtensionCertificate{
		This: *v.Client.ServiceContent.ExtensionManager, ExtensionKey: key, CertificatePem: text.String(),
	})
	v.ok(err)
	_, port, _ := strings.Cut(v.server.Announced("PERILUNE_TUNNEL"), ":")
	t.Setenv("GOVMOMI_TUNNEL_PROXY_PORT", port)
	login := func(cert *tls.Certificate) error {
		c, err := vim25.NewClient(v.ctx, soap.NewClient(v.server.URL, true))
		v.ok(err)
		c.SetCertificate(*cert)
		return session.NewManager(c).LoginExtensionByCertificate(v.ctx, key)
	}
	v.ok(login(own))
	fault[*types.InvalidLogin](v, login(other))
}
