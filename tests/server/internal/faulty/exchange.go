package faulty

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience is how long a stalled connection is kept for a client that does not end it.
const patience = 20 * time.Second

// exchange is one request, which has begun to come, and what answers it.
type exchange struct {
	*scenario
	raw    *net.TCPConn
	conn   net.Conn // raw, or TLS on it
	reader *bufio.Reader
	chance *rand.Rand
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// read reads the whole request; nil when the client has gone.
func (x *exchange) read() *http.Request {
	r, err := http.ReadRequest(x.reader)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// pass passes a request on and returns the answer, nil if there is none.
func (x *exchange) pass(r *http.Request) *answer {
	if r == nil {
		return nil
	}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	url, err := r.URL.Parse(x.lab.backend + r.URL.RequestURI())
	if err != nil {
		return nil
	}
	out.URL = url
	out.Header.Del("Connection")
	res, err := x.lab.client.Do(out)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil
	}
	return &answer{res.StatusCode, res.Header, body}
}

// ask reads the request and passes it on.
func (x *exchange) ask() *answer { return x.pass(x.read()) }

// head renders the head of an answer; lines come last, length among them.
func (a *answer) head(lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	for name, values := range a.header {
		if name == "Content-Length" || name == "Transfer-Encoding" {
			continue
		}
		for _, value := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

func length(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

// whole renders all of an answer.
func (a *answer) whole(lines ...string) []byte {
	return append([]byte(a.head(append(lines, length(len(a.body)))...)), a.body...)
}

// page is an answer of something that stands between.
func page(status int, text string, lines ...string) []byte {
	a := &answer{status: status, header: http.Header{"Content-Type": {"text/html"}, "Server": {"front"}}}
	a.body = []byte("<html><head><title>" + text + "</title></head><body>" + text + "</body></html>\n")
	return a.whole(lines...)
}

func zipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// chunked renders a body in chunks of up to size bytes, without the end if asked.
func chunked(body []byte, size int, end string) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString(end)
	return b.Bytes()
}

// put sends bytes; it says whether the connection goes on.
func (x *exchange) put(parts ...[]byte) bool {
	_, err := x.conn.Write(bytes.Join(parts, nil))
	return err == nil
}

// some returns a length from 1 to n-1, 0 if there is none.
func (x *exchange) some(n int) int {
	if n < 2 {
		return 0
	}
	return 1 + x.chance.IntN(n-1)
}

// cut ends the connection in one of the two ways.
func (x *exchange) cut() bool {
	if x.chance.IntN(2) == 0 {
		reset(x.raw)
	}
	return false
}

// closeWrite ends our half of the connection.
func (x *exchange) closeWrite() {
	if c, ok := x.conn.(*tls.Conn); ok {
		_ = c.CloseWrite()
	}
	_ = x.raw.CloseWrite()
}

// drain waits until the client ends the connection.
func (x *exchange) drain() bool {
	_ = x.raw.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.Copy(io.Discard, x.reader)
	return false
}

// linger ends the connection so that what was sent still arrives.
func (x *exchange) linger() bool {
	x.closeWrite()
	return x.drain()
}

// flood sends the same until the client ends the connection.
func (x *exchange) flood(piece string) bool {
	block := []byte(strings.Repeat(piece, 1+4096/len(piece)))
	_ = x.raw.SetWriteDeadline(time.Now().Add(patience))
	for {
		if _, err := x.conn.Write(block); err != nil {
			return false
		}
	}
}

func (x *exchange) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(x.chance.Uint32())
	}
	return b
}
