// Package sso is the single sign-on of the simulated vCenter: a token service that believes nothing
// it has not verified, and the checks of tokens where they are shown, in SOAP and in REST.
//
// Signatures are verified with goxmldsig's canonical XML and Go's own cryptography. What is refused,
// and in which words, follows a vCenter's token service.
package sso

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"
)

// tolerance is by how much clocks may differ: what a vCenter allows.
const tolerance = 10 * time.Minute

// Domain is that of users whose names have none.
const Domain = "vsphere.local"

// Service issues tokens and checks them.
type Service struct {
	// Authenticate says whether a password is right.
	Authenticate func(user, password string) bool
	// Bearer is the longest life of a token that is bound to no key.
	Bearer time.Duration
	// Solutions are the certificates of the users that have one instead of a password.
	Solutions []*x509.Certificate

	keys   sync.Once
	key    *rsa.PrivateKey
	cert   *x509.Certificate
	lock   sync.Mutex
	nonces map[string]bool // that REST requests have used
}

// New makes a service whose passwords are judged by authenticate.
func New(authenticate func(user, password string) bool) *Service {
	return &Service{Authenticate: authenticate, Bearer: 5 * time.Minute, nonces: map[string]bool{}}
}

// Load reads the certificates of solution users from a PEM file.
func (s *Service) Load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s.Solutions = append(s.Solutions, cert)
	}
	if len(s.Solutions) == 0 {
		return fmt.Errorf("%s: no certificate", path)
	}
	return nil
}

// own returns the key that tokens are signed with, made when it is first needed, and its certificate.
func (s *Service) own() (*rsa.PrivateKey, *x509.Certificate) {
	s.keys.Do(func() {
		var err error
		if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()),
			Subject:      pkix.Name{CommonName: "ssoserverSign"},
			NotBefore:    time.Now().Add(-time.Hour),
			NotAfter:     time.Now().AddDate(1, 0, 0),
			KeyUsage:     x509.KeyUsageDigitalSignature,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &s.key.PublicKey, s.key)
		if err != nil {
			panic(err)
		}
		if s.cert, err = x509.ParseCertificate(der); err != nil {
			panic(err)
		}
	})
	return s.key, s.cert
}

func (s *Service) isSolution(cert *x509.Certificate) bool {
	for _, one := range s.Solutions {
		if one.Equal(cert) {
			return true
		}
	}
	return false
}
