package front

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
)

// tunnelHost is what a vCenter calls the place where it asks for client certificates.
const tunnelHost = "sdkTunnel:8089"

type tunnelKey struct{}

// isTunnel says whether a request came through the tunnel.
func isTunnel(r *http.Request) bool {
	return r.Context().Value(tunnelKey{}) != nil
}

// StartTunnel listens on an address as a vCenter's HTTP port does: it passes CONNECT sdkTunnel:8089 on
// to a place that speaks TLS, demands a client certificate, and serves what the server serves. It
// returns the address, and ends with the process.
func StartTunnel(address string, config *tls.Config, handler http.Handler) (string, error) {
	config = config.Clone()
	config.ClientAuth = tls.RequireAnyClientCert
	inner, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return "", err
	}
	outer, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	marked := &http.Server{
		Handler:     handler,
		BaseContext: func(net.Listener) context.Context { return context.WithValue(context.Background(), tunnelKey{}, true) },
	}
	proxy := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connect(w, r, inner.Addr().String())
	})}
	go func() { _ = marked.Serve(inner) }()
	go func() { _ = proxy.Serve(outer) }()
	return outer.Addr().String(), nil
}

func connect(w http.ResponseWriter, r *http.Request, to string) {
	if r.Method != http.MethodConnect || r.Host != tunnelHost {
		http.Error(w, "only CONNECT "+tunnelHost, http.StatusForbidden)
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = server.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	end := func() {
		_ = client.Close()
		_ = server.Close()
	}
	go pass(client, server, end)
	go pass(server, buffered, end) // which may have been read ahead
}

// pass copies until an end, which ends both ways.
func pass(to io.Writer, from io.Reader, end func()) {
	_, _ = io.Copy(to, from)
	end()
}
