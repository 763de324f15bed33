package faulty

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// class is what a fault means for who sent the request.
type class string

const (
	harmless class = "harmless" // unusual, but the answer arrives
	refused  class = "refused"  // not carried out, and the client can know
	lost     class = "lost"     // carried out or not, and the client cannot know
	final    class = "final"    // an answer of its own, that nobody should repeat
)

type fault struct {
	name  string
	class class
	about string
	do    func(x *exchange) bool // it says whether the connection goes on
}

func faultOf(name string) *fault {
	for _, f := range faults {
		if f.name == name {
			return f
		}
	}
	return nil
}

// plain passes request and answer on.
func plain(x *exchange) bool {
	a := x.ask()
	return a != nil && x.put(a.whole())
}

// answered is a fault of the answer: the request was carried out.
func answered(do func(x *exchange, a *answer) bool) func(x *exchange) bool {
	return func(x *exchange) bool {
		a := x.ask()
		return a != nil && do(x, a)
	}
}

// instead answers with other bytes; the request is passed on or not.
func instead(passed bool, bytesOf func(x *exchange) []byte) func(x *exchange) bool {
	return func(x *exchange) bool {
		r := x.read()
		if r == nil || passed && x.pass(r) == nil {
			return false
		}
		return x.put(bytesOf(x))
	}
}

func fixed(b []byte) func(*exchange) []byte { return func(*exchange) []byte { return b } }

// retryAfter is the field as a number or as a date.
func (x *exchange) retryAfter() string {
	if x.chance.IntN(2) == 0 {
		return "Retry-After: 0"
	}
	now := time.Now().UTC()
	return "Date: " + now.Format(http.TimeFormat) + "\r\nRetry-After: " + now.Add(time.Second).Format(http.TimeFormat)
}

// ended puts bytes, and then ends the connection.
func ended(do func(x *exchange, a *answer) []byte) func(x *exchange) bool {
	return answered(func(x *exchange, a *answer) bool {
		x.put(do(x, a))
		return x.linger()
	})
}

// kept puts bytes, and keeps the connection.
func kept(do func(x *exchange, a *answer) []byte) func(x *exchange) bool {
	return answered(func(x *exchange, a *answer) bool { return x.put(do(x, a)) })
}

func join(head string, body []byte) []byte { return append([]byte(head), body...) }

const chunkedLine = "Transfer-Encoding: chunked"

// slowReader reads little at a time.
type slowReader struct{ r io.Reader }

func (s *slowReader) Read(b []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.r.Read(b[:min(len(b), 1000)])
}

var faults = []*fault{
	// the request
	{"reset-before", lost, "reset at the first byte of the request", func(x *exchange) bool { reset(x.raw); return false }},
	{"close-before", lost, "closed at the first byte of the request", func(*exchange) bool { return false }},
	{"reset-in-request", lost, "reset in the middle of the request", func(x *exchange) bool {
		_, _ = x.reader.Discard(x.some(x.reader.Buffered() + 1))
		reset(x.raw)
		return false
	}},
	{"half-closed-before", lost, "our half closed, the request read and dropped", func(x *exchange) bool {
		x.closeWrite()
		return x.drain()
	}},
	{"slow-reading", harmless, "the request read slowly", func(x *exchange) bool {
		x.reader = bufio.NewReader(&slowReader{x.reader})
		return plain(x)
	}},
	{"stall-before", lost, "never reads on", func(x *exchange) bool { time.Sleep(time.Second); return x.drain() }},

	// no answer
	{"reset-unanswered", lost, "carried out, then reset", answered(func(x *exchange, _ *answer) bool { reset(x.raw); return false })},
	{"close-unanswered", lost, "carried out, then closed", answered(func(*exchange, *answer) bool { return false })},
	{"half-closed", lost, "carried out, our half closed", answered(func(x *exchange, _ *answer) bool { return x.linger() })},
	{"reset-meanwhile", lost, "reset while it is carried out", func(x *exchange) bool {
		r := x.read()
		if r != nil {
			x.work.Add(1)
			go func() { defer x.work.Done(); x.pass(r) }()
		}
		reset(x.raw)
		return false
	}},
	{"stall-unanswered", lost, "carried out, never answered", answered(func(x *exchange, _ *answer) bool { return x.drain() })},

	// an answer that ends early
	{"cut-in-head", lost, "the head of the answer cut off", answered(func(x *exchange, a *answer) bool {
		head := a.head(length(len(a.body)))
		x.put([]byte(head[:x.some(len(head))]))
		return x.cut()
	})},
	{"cut-in-body", lost, "the body cut off", answered(func(x *exchange, a *answer) bool {
		x.put([]byte(a.head(length(len(a.body)))), a.body[:x.some(len(a.body))])
		return x.cut()
	})},
	{"stall-in-body", lost, "the body never ends", answered(func(x *exchange, a *answer) bool {
		x.put([]byte(a.head(length(len(a.body)))), a.body[:x.some(len(a.body))])
		return x.drain()
	})},
	{"cut-without-length", lost, "a body without length cut off, closed in good order",
		ended(func(x *exchange, a *answer) []byte {
			return join(a.head("Connection: close"), a.body[:x.some(len(a.body))])
		})},
	{"status-line-only", lost, "nothing behind the status line",
		ended(func(*exchange, *answer) []byte { return []byte("HTTP/1.1 200 OK\r\n") })},
	{"head-only", lost, "a head that promises a body",
		ended(func(_ *exchange, a *answer) []byte { return []byte(a.head(length(len(a.body)))) })},

	// unusual answers
	{"dribble", harmless, "byte by byte", answered(func(x *exchange, a *answer) bool {
		all := a.whole()
		for i := range all[:min(len(all), 3000)] {
			if !x.put(all[i : i+1]) {
				return false
			}
		}
		return len(all) <= 3000 || x.put(all[3000:])
	})},
	{"chunks-of-one", harmless, "chunks of one byte, an extension, trailers", kept(func(_ *exchange, a *answer) []byte {
		body := append([]byte("1;a=\"b\"\r\n"), a.body[0], '\r', '\n')
		body = append(body, chunked(a.body[1:], 1, "0\r\nLate: yes\r\n\r\n")...)
		return join(a.head(chunkedLine), body)
	})},
	{"without-length", harmless, "ended by the end of the connection",
		ended(func(_ *exchange, a *answer) []byte { return join(a.head("Connection: close"), a.body) })},
	{"delay", harmless, "answered late", answered(func(x *exchange, a *answer) bool {
		time.Sleep(time.Duration(x.some(300)) * time.Millisecond)
		return x.put(a.whole())
	})},
	{"interim", harmless, "interim answers before", kept(func(x *exchange, a *answer) []byte {
		interim := "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
		return join(strings.Repeat(interim, 1+x.some(5)), a.whole())
	})},
	{"gzip", harmless, "compressed", kept(func(_ *exchange, a *answer) []byte {
		z := zipped(a.body)
		return join(a.head("Content-Encoding: gzip", length(len(z))), z)
	})},
	{"gzip-in-chunks", harmless, "compressed, in chunks", kept(func(x *exchange, a *answer) []byte {
		return join(a.head("Content-Encoding: gzip", chunkedLine), chunked(zipped(a.body), 1+x.some(50), "0\r\n\r\n"))
	})},
	{"bare-line-feeds", harmless, "lines that end without a return", kept(func(_ *exchange, a *answer) []byte {
		return join(strings.ReplaceAll(a.head(length(len(a.body))), "\r\n", "\n"), a.body)
	})},
	{"many-fields", harmless, "a thousand header fields", kept(func(_ *exchange, a *answer) []byte {
		return a.whole(strings.TrimSuffix(strings.Repeat("X-Filler: something of some length\r\n", 1000), "\r\n"))
	})},
	{"close-after", lost, "closed behind the answer, unannounced: the next write may be on its way", ended(func(_ *exchange, a *answer) []byte { return a.whole() })},
	{"close-announced", harmless, "closed behind the answer", ended(func(_ *exchange, a *answer) []byte { return a.whole("Connection: close") })},
	{"reset-after", lost, "reset behind the answer", answered(func(x *exchange, a *answer) bool {
		x.put(a.whole())
		reset(x.raw)
		return false
	})},
	{"answered-twice", harmless, "the answer, and once more", kept(func(_ *exchange, a *answer) []byte { return append(a.whole(), a.whole()...) })},
	{"rubbish-behind", harmless, "random bytes behind the answer", kept(func(x *exchange, a *answer) []byte { return append(a.whole(), x.random(50)...) })},

	// answers of what stands between
	{"busy-429", refused, "429, when to come back", instead(false, func(x *exchange) []byte { return page(429, "Too Many Requests", x.retryAfter()) })},
	{"busy-429-bare", refused, "429", instead(false, fixed(page(429, "Too Many Requests")))},
	{"busy-503", refused, "503, when to come back", instead(false, func(x *exchange) []byte { return page(503, "Maintenance", x.retryAfter()) })},
	{"busy-503-endpoint", refused, "503 of a vCenter whose service is down", instead(false, fixed(page(503,
		"503 Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http20NamedPipeServiceSpecE])")))},
	{"early-503", lost, "503 before the body was read, then closed", func(x *exchange) bool {
		x.put(page(503, "Maintenance", x.retryAfter(), "Connection: close"))
		return x.cut()
	}},
	{"bare-503", lost, "503, not passed on", instead(false, fixed(page(503, "Service Unavailable")))},
	{"bare-503-passed", lost, "503, carried out", instead(true, fixed(page(503,
		"upstream connect error or disconnect/reset before headers. reset reason: connection termination")))},
	{"gateway-502", lost, "502, not passed on", instead(false, fixed(page(502, "Bad Gateway")))},
	{"gateway-502-passed", lost, "502, carried out", instead(true, fixed(page(502, "Bad Gateway")))},
	{"gateway-504-passed", lost, "504, carried out", instead(true, fixed(page(504, "Gateway Timeout")))},
	{"page-200", lost, "a page with status 200, not passed on", instead(false, fixed(page(200, "Welcome")))},
	{"page-200-passed", lost, "a page with status 200, carried out", instead(true, fixed(page(200, "Welcome")))},
	{"page-500-passed", lost, "a page with status 500, carried out", instead(true, fixed(page(500, "Oops")))},
	{"empty-204-passed", final, "204, carried out", instead(true, fixed([]byte("HTTP/1.1 204 No Content\r\n\r\n")))},
	{"see-other-passed", final, "303, carried out", instead(true, fixed(page(303, "Elsewhere", "Location: /elsewhere")))},
	{"moved", final, "308, not passed on", instead(false, fixed(page(308, "Elsewhere", "Location: /elsewhere")))},
	{"forbidden", final, "403 of a proxy", instead(false, fixed(page(403, "Blocked")))},
	{"switched-101", lost, "101 that nobody asked for, not passed on", func(x *exchange) bool {
		x.read()
		x.put([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
		return x.linger()
	}},

	// nonsense
	{"rubbish", lost, "random bytes, carried out", ended(func(x *exchange, _ *answer) []byte { return x.random(2000) })},
	{"no-head", lost, "a body without a head", ended(func(_ *exchange, a *answer) []byte { return a.body })},
	{"rubbish-body", lost, "random bytes for a body", kept(func(x *exchange, a *answer) []byte {
		return join(a.head(length(len(a.body))), x.random(len(a.body)))
	})},
	{"bad-status-line", lost, "a status line of another kind", ended(func(x *exchange, a *answer) []byte {
		lines := []string{"HTTP/1.1 banana", "HTTP/3.7 200 OK", "ICY 200 OK", "HTTP/1.1  ", "HTTP/1.1 99999 OK"}
		_, rest, _ := strings.Cut(string(a.whole()), "\r\n")
		return []byte(lines[x.chance.IntN(len(lines))] + "\r\n" + rest)
	})},
	{"nul-in-head", lost, "NUL bytes in the head", ended(func(_ *exchange, a *answer) []byte {
		return a.whole("X-Nul: a\x00b")
	})},
	{"endless-head", final, "a head without end", answered(func(x *exchange, _ *answer) bool {
		x.put([]byte("HTTP/1.1 200 OK\r\n"))
		return x.flood("X-Filler: 0123456789012345678901234567890123456789\r\n")
	})},
	{"endless-line", final, "a header field without end", answered(func(x *exchange, _ *answer) bool {
		x.put([]byte("HTTP/1.1 200 OK\r\nX-Filler: "))
		return x.flood("0123456789")
	})},
	{"endless-interim", final, "interim answers without end", answered(func(x *exchange, _ *answer) bool {
		return x.flood("HTTP/1.1 100 Continue\r\n\r\n")
	})},

	// lengths, chunks, compression
	{"length-too-long", lost, "a length beyond the body", ended(func(x *exchange, a *answer) []byte {
		return join(a.head(length(len(a.body)+1+x.some(1000))), a.body)
	})},
	{"length-too-short", lost, "a length short of the body", kept(func(x *exchange, a *answer) []byte {
		return join(a.head(length(x.some(len(a.body)-20))), a.body)
	})},
	{"length-nonsense", lost, "a length that is none", ended(func(x *exchange, a *answer) []byte {
		lengths := []string{"banana", "-5", "99999999999999999999999", "5, 6", "5\r\nContent-Length: 6", ""}
		return join(a.head("Content-Length: "+lengths[x.chance.IntN(len(lengths))]), a.body)
	})},
	{"length-and-chunks", lost, "a length and chunks", kept(func(_ *exchange, a *answer) []byte {
		return join(a.head("Content-Length: 7", chunkedLine), chunked(a.body, 100, "0\r\n\r\n"))
	})},
	{"chunk-size-nonsense", lost, "a size of a chunk that is none", ended(func(x *exchange, a *answer) []byte {
		sizes := []string{"zz", "-1", "FFFFFFFFFFFFFFFFF", "", "0x10"}
		return join(a.head(chunkedLine), []byte(sizes[x.chance.IntN(len(sizes))]+"\r\n"+string(a.body)+"\r\n0\r\n\r\n"))
	})},
	{"chunks-unended", lost, "no last chunk", ended(func(_ *exchange, a *answer) []byte {
		return join(a.head(chunkedLine), chunked(a.body, 100, ""))
	})},
	{"chunk-too-long", lost, "a chunk longer than it says", ended(func(_ *exchange, a *answer) []byte {
		return join(a.head(chunkedLine), []byte(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(a.body)-3, a.body)))
	})},
	{"gzip-cut", lost, "compressed and cut off, with a length that fits", kept(func(x *exchange, a *answer) []byte {
		z := zipped(a.body)
		z = z[:len(z)-1-x.chance.IntN(min(len(z)-1, 30))]
		return join(a.head("Content-Encoding: gzip", length(len(z))), z)
	})},
	{"gzip-cut-in-chunks", lost, "compressed and cut off, in whole chunks", kept(func(x *exchange, a *answer) []byte {
		z := zipped(a.body)
		return join(a.head("Content-Encoding: gzip", chunkedLine), chunked(z[:x.some(len(z))], 10, "0\r\n\r\n"))
	})},
	{"gzip-damaged", lost, "compressed, with a wrong checksum", kept(func(_ *exchange, a *answer) []byte {
		z := zipped(a.body)
		z[len(z)-6] ^= 0x40
		return join(a.head("Content-Encoding: gzip", length(len(z))), z)
	})},
	{"gzip-of-nothing", lost, "said to be compressed, and is not", kept(func(_ *exchange, a *answer) []byte {
		return a.whole("Content-Encoding: gzip")
	})},
	{"gzip-bomb", lost, "16 MiB of spaces, compressed", kept(func(_ *exchange, a *answer) []byte {
		z := append(zipped(bytes.Repeat([]byte(" "), 16<<20)), zipped([]byte("<bomb/>"))...)
		return join(a.head("Content-Encoding: gzip", length(len(z))), z)
	})},
	{"encoding-unasked", lost, "an encoding that nobody asked for", kept(func(_ *exchange, a *answer) []byte {
		return a.whole("Content-Encoding: br")
	})},
}
