package sso

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// CheckREST verifies the Authorization header `SIGN …` of a request with that body.
func (s *Service) CheckREST(r *http.Request, body []byte) error {
	given := map[string]string{}
	for _, match := range parameter.FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
		given[match[1]] = match[2]
	}
	el, err := expand(given["token"])
	if err != nil {
		return err
	}
	g, err := s.check(el)
	if err != nil || g.holder == nil {
		return err
	}
	if given["signature_alg"] != "RSA-SHA256" {
		return errors.New("a token that is bound to a key, and no signature")
	}
	if err := s.useNonce(given["nonce"]); err != nil {
		return err
	}
	key, err := rsaKey(g.holder)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(given["signature"])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(signedText(r, given["nonce"], body))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
}

func expand(text string) (*etree.Element, error) {
	zipped, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(reader, 1<<20))
	if err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(plain); err != nil {
		return nil, err
	}
	return doc.Root(), nil
}

// useNonce checks that a nonce, which begins with its time in ms, is fresh and was not used before.
func (s *Service) useNonce(nonce string) error {
	stamp, _, _ := strings.Cut(nonce, ":")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.UnixMilli(ms)); age > tolerance || age < -tolerance {
		return fmt.Errorf("a nonce of %s ago", age)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.nonces[nonce] {
		return errors.New("a nonce that was used before")
	}
	s.nonces[nonce] = true
	return nil
}

// signedText is what is signed of a request. Without a port in the Host header it is 80.
func signedText(r *http.Request, nonce string, body []byte) []byte {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	sum := sha256.Sum256(body)
	text := strings.Join([]string{nonce, r.Method, r.URL.Path, strings.ToLower(host), port, ""}, "\n")
	return append(append([]byte(text), sum[:]...), '\n')
}
