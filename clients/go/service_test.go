package lockstep

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is longer than any wait on a slow machine: only a failure waits that long.
const patience = 2 * time.Minute

var ctx = context.Background()

// address of the service, which .ci/clients lockstep-go starts.
var address = os.Getenv("LOCKSTEP_URL")

func TestMain(m *testing.M) {
	if address == "" {
		fmt.Fprintln(os.Stderr, "LOCKSTEP_URL is not set: run .ci/clients lockstep-go, or start a service")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// connect returns a client with a namespace of its own.
func connect(t *testing.T, changes ...func(*Options)) *Client {
	t.Helper()
	t.Parallel()
	return another(t, Options{Namespace: "go-" + newKey()}, changes...)
}

func another(t *testing.T, like Options, changes ...func(*Options)) *Client {
	t.Helper()
	options := Options{URLs: []string{address}, Namespace: like.Namespace, Timeout: patience, AttemptTimeout: patience}
	for _, change := range changes {
		change(&options)
	}
	return New(options)
}

// throughFaults returns a client with a fault proxy between it and the service, and one without.
func throughFaults(t *testing.T, changes ...func(*Options)) (client, direct *Client, proxy *faultProxy) {
	t.Helper()
	direct = connect(t)
	proxy = startFaultProxy(t)
	to := func(options *Options) { options.URLs = []string{proxy.url} }
	return another(t, direct.options, append([]func(*Options){to}, changes...)...), direct, proxy
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never was so: ", what)
		}
	}
}

// must is the result of a call that has to succeed.
func must[T any](t *testing.T) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// ok ends the test after an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, holds bool, what string, seen ...any) {
	t.Helper()
	if !holds {
		t.Fatalf("not so: %s: %v", what, seen)
	}
}

// between is a transport that changes what the client gets.
type between func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error)

func (b between) RoundTrip(request *http.Request) (*http.Response, error) {
	return b(request, func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(request) })
}

// through returns a client between whose calls and their answers stands a function, and one without.
func through(t *testing.T, change between) (client, direct *Client) {
	t.Helper()
	direct = connect(t)
	return another(t, direct.options, func(options *Options) { options.HTTP = &http.Client{Transport: change} }), direct
}

// refusal is an answer of the service that asks for no soon repeat.
func refusal(status int, code error) *http.Response {
	body := fmt.Sprintf(`{"code":%q,"detail":"in a test","retryAfterMs":600000}`, code.Error())
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/problem+json"}},
	}
}

// faultProxy is a TCP proxy before the service that misbehaves on command.
type faultProxy struct {
	url string

	mu    sync.Mutex
	mode  mode
	pairs map[net.Conn]net.Conn
	bytes bytes.Buffer
}

type mode int

const (
	forwards mode = iota
	// dropsReplies: calls are applied, and their outcome is unknown.
	dropsReplies
	// frozen: nothing goes in either direction.
	frozen
	// refuses ends every connection.
	refuses
)

func startFaultProxy(t *testing.T) *faultProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	p := &faultProxy{url: "http://" + listener.Addr().String(), pairs: map[net.Conn]net.Conn{}}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		p.set(refuses)
	})
	return p
}

func (p *faultProxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.pairs[client] = server
	if p.mode == refuses {
		p.endAll()
	}
	p.mu.Unlock()
	go p.pump(client, server, func(sent []byte) bool {
		p.mu.Lock()
		p.bytes.Write(sent)
		p.mu.Unlock()
		return !p.is(frozen)
	})
	go p.pump(server, client, func([]byte) bool { return p.is(forwards) })
}

func (p *faultProxy) pump(from, to net.Conn, passes func([]byte) bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		count, err := from.Read(buffer)
		if err != nil {
			return
		}
		if passes(buffer[:count]) {
			if _, err := to.Write(buffer[:count]); err != nil {
				return
			}
		}
	}
}

func (p *faultProxy) is(mode mode) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode == mode
}

// set changes the mode, and ends the connections that lost bytes: in one step, so that none of these
// passes a late answer on.
func (p *faultProxy) set(mode mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
	if mode == refuses || mode == forwards {
		p.endAll()
	}
}

// endAll is called with the lock.
func (p *faultProxy) endAll() {
	for client, server := range p.pairs {
		client.Close()
		server.Close()
		delete(p.pairs, client)
	}
}

// sent is how often a text was sent to the service.
func (p *faultProxy) sent(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Count(p.bytes.Bytes(), []byte(text))
}
