package lockstep

import (
	"context"
	"errors"
	"time"
)

const (
	// longestPoll is the longest wait of one request: proxies between end longer ones.
	longestPoll = 25 * time.Second
	// undoTimeout is how long a release, or the undoing of an acquire, may take.
	undoTimeout = 5 * time.Second
)

// LeaseOptions of an acquire. Zero means the default of the service.
type LeaseOptions struct {
	// TTL is how long the lease lasts without a renewal.
	TTL time.Duration
	// Wait is how long to wait in the queue, as long as you like. Without it a lock that is held is
	// CodeLockHeld at once.
	Wait time.Duration
	// Session that renews the lease, which ends with it.
	Session *Session
	// IdempotencyKey of an earlier acquire that is repeated. Without one, an acquire that is given up
	// is undone.
	IdempotencyKey string

	Owner                       string
	Metadata                    map[string]any
	MinHold, MaxHold, LockDelay time.Duration
	MaxQueue                    *int
	Priority                    int

	// Mode of a lock: "shared" for readers, "exclusive" by default.
	Mode      string
	Reentrant bool
	// Permits of a semaphore, and how many there are in all.
	Permits, Capacity int
}

// Lease of a lock, of permits or of a lock set.
type Lease struct {
	// Token is the secret that renews and releases the lease.
	Token string
	// Fence grows with each lease of the lock: send it with each write to what the lock protects,
	// which refuses a smaller one.
	Fence int64
	// Fences of a lock set, by name.
	Fences    map[string]int64
	ExpiresIn time.Duration
	Waited    time.Duration

	askedAt time.Time
	guard   guard
}

// Err returns a LeaseLostError when the lease that Do keeps is lost, or may be. It reads the clock,
// so it is right also after the process was stopped: ask before a write. Of a lease of Acquire, which
// its caller renews, nothing is known: it is nil.
func (l *Lease) Err() error {
	if l.guard == nil {
		return nil
	}
	return l.guard.err()
}

// Cause returns why the context of the work was cancelled: a LeaseLostError or a
// RevokeRequestedError. From Go 1.20 on, context.Cause does too. Of a lease of Acquire it is nil.
func (l *Lease) Cause() error {
	if l.guard == nil {
		return nil
	}
	return l.guard.stopped()
}

// Leases of one kind. K is the name of a lock or semaphore, or the names of a lock set.
type Leases[K string | []string] struct {
	client                  *Client
	acquire, renew, release Operation
}

type leaseBody struct {
	Names        []string       `json:"names,omitempty"`
	Token        string         `json:"token,omitempty"`
	SessionToken string         `json:"sessionToken,omitempty"`
	TTL          ms             `json:"ttlMs,omitempty"`
	Wait         ms             `json:"waitMs,omitempty"`
	MinHold      ms             `json:"minHoldMs,omitempty"`
	MaxHold      ms             `json:"maxHoldMs,omitempty"`
	LockDelay    ms             `json:"lockDelayMs,omitempty"`
	Owner        string         `json:"owner,omitempty"`
	Metadata     map[string]any `json:"metadata,omitempty"`
	MaxQueue     *int           `json:"maxQueue,omitempty"`
	Priority     int            `json:"priority,omitempty"`
	Mode         string         `json:"mode,omitempty"`
	Reentrant    bool           `json:"reentrant,omitempty"`
	Permits      int            `json:"permits,omitempty"`
	Capacity     int            `json:"capacity,omitempty"`
}

func (o LeaseOptions) body() leaseBody {
	body := leaseBody{
		TTL: ms(o.TTL), MinHold: ms(o.MinHold), MaxHold: ms(o.MaxHold), LockDelay: ms(o.LockDelay),
		Owner: o.Owner, Metadata: o.Metadata, MaxQueue: o.MaxQueue, Priority: o.Priority,
		Mode: o.Mode, Reentrant: o.Reentrant, Permits: o.Permits, Capacity: o.Capacity,
	}
	if o.Session != nil {
		body.SessionToken = o.Session.Token
	}
	return body
}

// leaseAnswer to an acquire, a renewal or a release.
type leaseAnswer struct {
	Token       string
	Fence       int64
	Fences      map[string]int64
	ExpiresInMs ms
	WaitedMs    ms
	Revoke      struct{ Reason string }

	askedAt time.Time
}

func (l *Leases[K]) send(ctx context.Context, operation Operation, at K, body leaseBody, request Request) (leaseAnswer, error) {
	switch at := any(at).(type) {
	case string:
		request.Path = map[string]string{"name": at}
	case []string:
		body.Names = at
	}
	request.Body = body
	var answer leaseAnswer
	response, err := l.client.Do(ctx, operation, request)
	if err != nil {
		return answer, err
	}
	answer.askedAt = response.askedAt
	return answer, response.decode(&answer)
}

// Do acquires the lease, runs the work, and releases it. It renews the lease until the work has
// ended, and cancels the context of the work when the lease is lost, before it can end if no renewal
// gets through, and when an operator asks for it. Of a lease that was lost it returns a
// LeaseLostError, once the work has returned.
func (l *Leases[K]) Do(ctx context.Context, at K, options LeaseOptions, work func(context.Context, *Lease) error) error {
	lease, err := l.Acquire(ctx, at, options)
	if err != nil {
		return err
	}
	release := func(ctx context.Context) error {
		_, err := l.send(ctx, l.release, at, leaseBody{Token: lease.Token}, Request{Timeout: undoTimeout})
		return err
	}
	if lease.guard, err = l.guard(ctx, at, lease, options); err != nil {
		_ = release(detached{ctx})
		return err
	}
	return under(lease.guard, release, func(ctx context.Context) error { return work(ctx, lease) })
}

func (l *Leases[K]) guard(ctx context.Context, at K, lease *Lease, options LeaseOptions) (guard, error) {
	if options.Session != nil {
		fences := lease.Fences
		if name, isOne := any(at).(string); isOne {
			fences = map[string]int64{name: lease.Fence}
		}
		return options.Session.watchOver(ctx, fences), nil
	}
	renew := func(ctx context.Context, timeout time.Duration) (term, error) {
		body := leaseBody{Token: lease.Token, TTL: ms(options.TTL)}
		renewed, err := l.send(ctx, l.renew, at, body, Request{Timeout: timeout})
		return term{renewed.askedAt, time.Duration(renewed.ExpiresInMs), renewed.Revoke.Reason}, err
	}
	granted := term{askedAt: lease.askedAt, expiresIn: lease.ExpiresIn}
	return keepRenewed(ctx, l.client.clock, granted, renew)
}

// Acquire returns a lease that the caller renews and releases. It waits in the queue in pieces under
// one key, which keeps the place.
func (l *Leases[K]) Acquire(ctx context.Context, at K, options LeaseOptions) (*Lease, error) {
	request := Request{IdempotencyKey: or(options.IdempotencyKey, newKey())}
	body := options.body()
	deadline := time.Now().Add(options.Wait)
	for {
		request.Wait = clamp(time.Until(deadline), 0, longestPoll)
		body.Wait = ms(request.Wait)
		granted, err := l.send(ctx, l.acquire, at, body, request)
		if err == nil {
			return &Lease{
				Token: granted.Token, Fence: granted.Fence, Fences: granted.Fences,
				ExpiresIn: time.Duration(granted.ExpiresInMs), Waited: time.Duration(granted.WaitedMs),
				askedAt: granted.askedAt,
			}, nil
		}
		if options.IdempotencyKey == "" && mayBeGranted(err) {
			go l.undo(detached{ctx}, at, body, request)
		}
		pause := retryAfter(err)
		if errors.Is(err, CodeWaitTimeout) {
			pause = 0
		}
		if !isOneOf(err, CodeWaitTimeout, CodeLockHeld, CodeLockDelayed) || time.Until(deadline) <= pause {
			return nil, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// mayBeGranted reports whether an attempt may have been granted without an answer. Of several, it may
// be the first, whatever the last says.
func mayBeGranted(err error) bool {
	var refused *Error
	return !errors.As(err, &refused) || refused.Status >= 500
}

// undo releases what a request without an answer may have been granted.
func (l *Leases[K]) undo(ctx context.Context, at K, body leaseBody, request Request) {
	request.Timeout, request.Wait, body.Wait = undoTimeout, 0, 0
	// What is not released ends by itself.
	if granted, err := l.send(ctx, l.acquire, at, body, request); err == nil {
		_ = l.Release(ctx, at, granted.Token)
	}
}

// Renew renews a lease for ttl, or for its first one without, and returns how long it lasts.
func (l *Leases[K]) Renew(ctx context.Context, at K, token string, ttl time.Duration) (time.Duration, error) {
	renewed, err := l.send(ctx, l.renew, at, leaseBody{Token: token, TTL: ms(ttl)}, Request{})
	return time.Duration(renewed.ExpiresInMs), err
}

// Release ends a lease.
func (l *Leases[K]) Release(ctx context.Context, at K, token string) error {
	_, err := l.send(ctx, l.release, at, leaseBody{Token: token}, Request{})
	return err
}
