// Command faults stands between a client and a server, and damages what they say to each
// other, each time in the way that the seed of the scenario asks for. README.md tells how.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"perilune/tests/server/internal/faulty"
	"perilune/tests/server/internal/launch"
)

func main() {
	log.SetPrefix("faults: ")
	log.SetFlags(log.Ltime | log.Lmicroseconds | log.Lmsgprefix)
	to := flag.String("to", "", "origin of the server, https://HOST:PORT; its certificate is not looked at")
	listen := flag.String("l", "127.0.0.1:0", "address for the control of scenarios")
	caFile := flag.String("ca-file", "", "write the authority of the certificate to this file, as PEM")
	stdinExit := flag.Bool("stdinexit", false, "exit at the first byte or the end of stdin")
	list := flag.Bool("list", false, "print the faults and what they do, and exit")
	flag.Parse()
	if *list {
		faulty.List(os.Stdout)
		return
	}
	certificate, err := launch.ThrowAway(*caFile)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	lab := faulty.NewLab(*to, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	fmt.Printf("control http://%s\n", listener.Addr())
	if *stdinExit {
		go func() {
			_, _ = os.Stdin.Read(make([]byte, 1))
			os.Exit(0)
		}()
	}
	log.Fatal(http.Serve(listener, lab))
}
