// Package lockstep is the client of Lockstep: locks, a cache, rate limits, leaderboards, queues and
// streams over HTTP.
//
// Work under a lock runs in a scope, which keeps the lease alive, cancels the context of the work
// when the lease is lost, and releases it at the end:
//
//	client := lockstep.New(lockstep.Options{URLs: []string{"http://127.0.0.1:7700"}})
//	err := client.Locks.Do(ctx, "migrate", lockstep.LeaseOptions{Wait: time.Minute},
//		func(ctx context.Context, lease *lockstep.Lease) error {
//			return migrate(ctx, lease.Fence)
//		})
//
// Calls are repeated under one Idempotency-Key where that is safe, so that each counts once. What
// the service refuses is an [Error] with a [Code]. [Calls] has every operation.
package lockstep

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Options of a Client. Only URLs are required.
type Options struct {
	// URLs of the service, tried in turn.
	URLs []string
	// Token of the API.
	Token     string
	Namespace string
	// Timeout is how long a call may take with all its repeats, on top of the time that the service
	// is asked to wait: 10 s by default. The deadline of its context ends it earlier.
	Timeout time.Duration
	// AttemptTimeout is how long one attempt may take, on top of that time: 5 s by default.
	AttemptTimeout time.Duration
	// Header returns headers of each call by its context, such as traceparent.
	Header func(context.Context) http.Header
	// HTTP sends the requests. By default it has a pool of connections of its own.
	HTTP *http.Client
}

// Client of one Lockstep service, for any number of goroutines.
type Client struct {
	Locks      *Locks
	Semaphores *Leases[string]
	// LockSets are locks that are acquired together or not at all.
	LockSets *Leases[[]string]
	Sessions *Sessions
	Limits   *Limits
	Boards   *Boards
	Queues   *Queues
	Streams  *Streams
	// Call has every operation of the API, with its types.
	Call Calls

	options Options
	clock   clock
	turn    atomic.Uint32
}

// New returns a client. It connects with the first call.
func New(options Options) *Client {
	options.Timeout = or(options.Timeout, 10*time.Second)
	options.AttemptTimeout = or(options.AttemptTimeout, 5*time.Second)
	if options.HTTP == nil {
		options.HTTP = &http.Client{Transport: newTransport(), CheckRedirect: dontFollow}
	}
	c := &Client{options: options, clock: systemClock{}}
	c.Locks = &Locks{&Leases[string]{c, OpAcquireLock, OpRenewLock, OpReleaseLock}}
	c.Semaphores = &Leases[string]{c, OpAcquirePermits, OpRenewPermits, OpReleasePermits}
	c.LockSets = &Leases[[]string]{c, OpAcquireLockSet, OpRenewLockSet, OpReleaseLockSet}
	c.Sessions = &Sessions{c}
	c.Limits = &Limits{c}
	c.Boards = &Boards{c}
	c.Queues = &Queues{c}
	c.Streams = &Streams{c}
	c.Call = Calls{c}
	return c
}

// UnixSocket is an HTTP client for a service that listens on a socket of this machine. The host of
// its URL is of no account: http://localhost.
func UnixSocket(path string) *http.Client {
	transport := newTransport()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &http.Client{Transport: transport, CheckRedirect: dontFollow}
}

// dontFollow: the service sends nobody elsewhere.
func dontFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	return transport
}

func or[T comparable](value, byDefault T) T {
	var zero T
	if value == zero {
		return byDefault
	}
	return value
}

// valueOf a pointer, or the zero value.
func valueOf[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

func clamp(value, low, high time.Duration) time.Duration {
	if value < low {
		return low
	}
	if value > high {
		return high
	}
	return value
}
