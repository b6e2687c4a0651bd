package lockstep

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"lockstep.example/lockstep/api"
)

// loadPiece is the longest wait of one request: an outage meanwhile is noticed after it.
const loadPiece = 5 * time.Second

// LoadOptions of GetOrLoad.
type LoadOptions struct {
	PutOptions
	// Wait is how long to wait for the load of another caller: 30 s by default.
	Wait time.Duration
	// Backoff is how long no caller loads after a load that failed: 5 s by default.
	Backoff time.Duration
	// Timeout of each call, apart from its wait: 2 s by default. A cache that does not answer soon is
	// slower than the source.
	Timeout time.Duration
	// OnNotStored is called when a loaded value could not be stored, for another reason than that it
	// came too late.
	OnNotStored func(error)
}

// loader reads an entry, and loads it when it is missing: one caller in all processes does.
type loader[T any] struct {
	*Cache[T]
	key     string
	options LoadOptions
	load    func(context.Context) (T, error)
	// token makes a repeat of the read get the same lease.
	token string
}

// found is what a read found, and perhaps the lease to load it.
type found[T any] struct {
	is         state
	value      T
	retryAfter time.Duration
	token      string
	lease      term
}

type state string

const (
	isValue   state = "value"
	isAbsent  state = "negative"
	isGranted state = "granted"
	isHeld    state = "held"
	isBackoff state = "backoff"
	// isOut: the service is away.
	isOut state = "away"
)

// GetOrLoad returns the value of a key. When it is missing, one caller of all processes loads it, and
// the others wait. The caller loads for itself when the service is away. A load that returns ErrAbsent
// says that there is no value, and so does GetOrLoad. When the load fails, the stale value is served;
// without one the error is returned, and no caller loads for a while: a LoadFailedError.
func (c *Cache[T]) GetOrLoad(ctx context.Context, key string, load func(context.Context) (T, error), options LoadOptions) (T, error) {
	options.Timeout = or(options.Timeout, 2*time.Second)
	l := &loader[T]{c, key, options, load, newKey()}
	found, err := l.wait(ctx)
	switch {
	case err != nil:
		return found.value, err
	case found.token != "":
		return l.loadUnder(ctx, found)
	case found.is == isValue:
		return found.value, nil
	case found.is == isAbsent:
		return found.value, ErrAbsent
	case found.is == isBackoff:
		return found.value, &LoadFailedError{found.retryAfter}
	}
	// The service is away, or the wait is over.
	return load(ctx)
}

// wait waits in pieces. The first one is no wait, so that an outage is noticed at once.
func (l *loader[T]) wait(ctx context.Context) (found[T], error) {
	deadline := time.Now().Add(or(l.options.Wait, 30*time.Second))
	for wait := time.Duration(0); ; {
		found, err := l.read(ctx, wait)
		left := time.Until(deadline)
		if err != nil || found.is != isHeld || left <= 0 {
			return found, err
		}
		wait = clamp(left, 0, loadPiece)
	}
}

func (l *loader[T]) read(ctx context.Context, wait time.Duration) (found[T], error) {
	query := url.Values{"lease": {"true"}, "waitMs": {strconv.FormatInt(ms(wait).count(), 10)}}
	request := Request{Path: l.path(l.key), Query: query, Wait: wait, Timeout: l.options.Timeout}
	request.Header = map[string][]string{"Lockstep-Lease": {l.token}}
	response, err := l.client.Do(ctx, OpGetCacheEntry, request)
	switch {
	case ctx.Err() != nil:
		return found[T]{}, causeOf(ctx)
	case isAway(err):
		return found[T]{is: isOut}, nil
	case err != nil:
		return missing[T](err)
	}
	value, err := l.codec.Decode(response.Body)
	expiresIn, _ := strconv.ParseInt(response.Header.Get("Lockstep-Lease-Expires-In-Ms"), 10, 64)
	lease := term{askedAt: response.askedAt, expiresIn: time.Duration(expiresIn) * time.Millisecond}
	return found[T]{is: isValue, value: value, token: response.Header.Get("Lockstep-Lease"), lease: lease}, err
}

func missing[T any](err error) (found[T], error) {
	problem, isMiss := CodeCacheMiss.Of(err)
	if !isMiss {
		return found[T]{}, err
	}
	lease := valueOf(problem.Lease)
	token := valueOf(lease.Token)
	if problem.State == api.CacheEntryStateNegative && token == "" {
		return found[T]{is: isAbsent}, nil
	}
	// The request may have waited: a first renewal says what is left.
	expiresIn := msOf(lease.ExpiresInMs)
	granted := term{askedAt: time.Now().Add(-expiresIn / 3), expiresIn: expiresIn}
	return found[T]{is: or(state(lease.Status), isHeld), token: token, lease: granted, retryAfter: msOf(lease.RetryAfterMs)}, nil
}

func (l *loader[T]) loadUnder(ctx context.Context, found found[T]) (value T, err error) {
	renew := func(ctx context.Context, timeout time.Duration) (term, error) {
		body := map[string]any{"token": found.token, "leaseMs": ms(clamp(found.lease.expiresIn, 500*time.Millisecond, time.Hour))}
		return l.client.renewTerm(ctx, OpRenewCacheLease, Request{Path: l.path(l.key), Body: body, Timeout: timeout})
	}
	keeper := keep(ctx, l.client.clock, found.lease, renew, ignoreLoss)
	defer keeper.end()
	isFilled := false
	defer func() {
		if !isFilled {
			l.giveUp(ctx, found.token)
		}
	}()
	value, err = l.load(ctx)
	if err == nil || errors.Is(err, ErrAbsent) {
		isFilled = true
		l.fill(ctx, found.token, value, err)
		return value, err
	}
	if found.is == isValue && ctx.Err() == nil {
		return found.value, nil
	}
	return value, err
}

// fill stores what was loaded. When it was invalidated or written meanwhile, the value is used once.
func (l *loader[T]) fill(ctx context.Context, token string, value T, absent error) {
	var body []byte
	var err error
	if absent == nil {
		body, err = l.codec.Encode(value)
	}
	if err == nil {
		request := l.put(l.key, body, l.options.PutOptions)
		request.Timeout = l.options.Timeout
		request.Header.Set("Lockstep-Lease", token)
		if absent != nil {
			request.Header.Set("Lockstep-Negative", "true")
		}
		// Also when the caller has stopped: others wait for it.
		_, err = l.client.Do(detached{ctx}, OpPutCacheEntry, request)
	}
	if err != nil && !errors.Is(err, CodeLeaseLost) && l.options.OnNotStored != nil {
		l.options.OnNotStored(err)
	}
}

// giveUp lets no caller load for a while. A caller that stopped its load says nothing about the source.
func (l *loader[T]) giveUp(ctx context.Context, token string) {
	body := map[string]any{"token": token}
	if ctx.Err() == nil {
		body["failed"], body["backoffMs"] = true, ms(or(l.options.Backoff, 5*time.Second))
	}
	// Otherwise the lease ends by itself.
	_, _ = l.client.Do(detached{ctx}, OpCancelCacheLease, Request{Path: l.path(l.key), Body: body, Timeout: l.options.Timeout})
}
