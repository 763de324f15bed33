package faulty

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// harmfulInARow is how many faults in a row may hit what is to get through in the end.
const harmfulInARow = 3

// event is what happened to a request or to a connection.
type event struct {
	Fault string `json:"fault"`
	Class class  `json:"class"`
}

// report is what a scenario did.
type report struct {
	Seed        int64   `json:"seed"`
	Events      []event `json:"events"`
	Connections int     `json:"connections"` // taken in all
	Open        int     `json:"open"`        // that the client had not ended
}

type scenario struct {
	lab      *Lab
	seed     int64
	listener net.Listener
	work     sync.WaitGroup // connections, and what is passed on

	mu          sync.Mutex
	armed       bool
	only        *fault // nil: whatever the seed says
	requests    *rand.Rand
	connects    *rand.Rand
	inARow      int
	events      []event
	connections int
	open        map[net.Conn]bool
}

func newScenario(l *Lab, seed int64, only string) (*scenario, error) {
	s := &scenario{
		lab:      l,
		seed:     seed,
		requests: rand.New(rand.NewPCG(uint64(seed), 1)), //nolint:gosec // repeatable, not secret
		connects: rand.New(rand.NewPCG(uint64(seed), 2)), //nolint:gosec // the same
		open:     map[net.Conn]bool{},
	}
	if only != "" {
		if s.only = faultOf(only); s.only == nil {
			return nil, fmt.Errorf("no fault is called %q", only)
		}
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go s.listen()
	return s, nil
}

func (s *scenario) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *scenario) arm(armed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = armed
}

// close waits a moment for the client to end its connections, then ends them.
func (s *scenario) close() report {
	s.listener.Close()
	for range 100 {
		if s.count() == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.mu.Lock()
	r := report{Seed: s.seed, Events: append([]event{}, s.events...), Connections: s.connections, Open: len(s.open)}
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
	return r
}

func (s *scenario) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *scenario) listen() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.connections++
		s.work.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.work.Done()
			s.serve(c.(*net.TCPConn))
			c.Close()
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
		}()
	}
}

// draw says what happens to the next request, nil for nothing, and gives it a source of chance.
func (s *scenario) draw() (*fault, *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.armed {
		return nil, nil
	}
	f := faults[s.requests.IntN(len(faults))]
	chance := rand.New(rand.NewPCG(s.requests.Uint64(), 3)) //nolint:gosec // repeatable
	spared := s.requests.IntN(100) < 35
	if s.only != nil {
		f, spared = s.only, false
	}
	most := harmfulInARow
	if s.only != nil && strings.HasPrefix(f.name, "stall") {
		most = 1 // each costs the client its time limit
	}
	if spared || f.class != harmless && s.inARow >= most {
		s.inARow = 0
		return nil, nil
	}
	if f.class != harmless {
		s.inARow++
	}
	s.events = append(s.events, event{f.name, f.class})
	return f, chance
}

// drawConnection says the same of a connection.
func (s *scenario) drawConnection() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := []string{"connect-reset", "connect-close", "handshake-cut", "connect-late"}
	if !s.armed || s.only != nil || s.connects.IntN(100) >= 20 {
		return ""
	}
	kind := kinds[s.connects.IntN(len(kinds))]
	s.events = append(s.events, event{kind, refused})
	return kind
}

// serve serves one connection: TLS if it begins so.
func (s *scenario) serve(raw *net.TCPConn) {
	_ = raw.SetNoDelay(true)
	kind := s.drawConnection()
	switch kind {
	case "connect-reset":
		reset(raw)
		return
	case "connect-close":
		return
	case "connect-late":
		time.Sleep(100 * time.Millisecond)
	}
	reader := bufio.NewReader(raw)
	first, err := reader.Peek(1)
	if err != nil {
		return
	}
	peeked := &peekedConn{Conn: raw, reader: reader}
	var c net.Conn = peeked
	if first[0] == 0x16 {
		if kind == "handshake-cut" {
			peeked.left = 1 + int(s.seed%900)
			peeked.cuts = true
		}
		server := tls.Server(peeked, s.lab.tls)
		if server.Handshake() != nil {
			return
		}
		c = server
	}
	s.converse(raw, c)
}

// converse serves the requests of a connection.
func (s *scenario) converse(raw *net.TCPConn, c net.Conn) {
	reader := bufio.NewReaderSize(c, 1<<16)
	for {
		if _, err := reader.Peek(1); err != nil {
			return
		}
		f, chance := s.draw()
		x := &exchange{scenario: s, raw: raw, conn: c, reader: reader, chance: chance}
		if f == nil {
			f = &fault{do: plain}
		}
		if !f.do(x) {
			return
		}
	}
}

// reset ends a connection with a reset instead of an end of file.
func reset(raw *net.TCPConn) {
	_ = raw.SetLinger(0)
	raw.Close()
}

// peekedConn is a connection whose first bytes were looked at, and that may be reset after so
// many bytes were written.
type peekedConn struct {
	net.Conn
	reader *bufio.Reader
	cuts   bool
	left   int
}

func (p *peekedConn) Read(b []byte) (int, error) { return p.reader.Read(b) }

func (p *peekedConn) Write(b []byte) (int, error) {
	if !p.cuts || len(b) <= p.left {
		p.left -= len(b)
		return p.Conn.Write(b)
	}
	n, _ := p.Conn.Write(b[:p.left])
	reset(p.Conn.(*net.TCPConn))
	return n, net.ErrClosed
}
