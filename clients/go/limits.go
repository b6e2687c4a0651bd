package lockstep

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of rates and of calls in flight.
type Limits struct{ client *Client }

// Limit to check: a Policy, or one of the Name that is defined here.
type Limit struct {
	Policy string
	Key    string
	Cost   int

	Name, Algorithm string
	Limit, Burst    int
	Window          time.Duration
	// Group of limits that are checked together on a Redis Cluster.
	Group string
	// More settings, by their names in the API.
	More map[string]any
}

// MarshalJSON is the limit as the API takes it.
func (l Limit) MarshalJSON() ([]byte, error) {
	members := map[string]any{"key": l.Key}
	for name, value := range l.More {
		members[name] = value
	}
	texts := map[string]string{"policy": l.Policy, "name": l.Name, "algorithm": l.Algorithm, "group": l.Group}
	for name, value := range texts {
		if value != "" {
			members[name] = value
		}
	}
	numbers := map[string]int64{"cost": int64(l.Cost), "limit": int64(l.Limit), "burst": int64(l.Burst), "windowMs": ms(l.Window).count()}
	for name, value := range numbers {
		if value != 0 {
			members[name] = value
		}
	}
	return json.Marshal(members)
}

// CheckOptions of a check.
type CheckOptions struct {
	// Closed denies the call when the service does not answer. Otherwise it is allowed.
	Closed bool
	// Timeout of the whole check: half a second by default.
	Timeout time.Duration
	// Mode is "all" by default, which consumes from all limits or from none, or "each".
	Mode string
}

// Decision of a check.
type Decision struct {
	Allowed bool
	// Answered is false when the service did not answer, and CheckOptions decided.
	Answered   bool
	Remaining  int
	RetryAfter time.Duration
	Results    []LimitResult
	// Header has RateLimit, RateLimit-Policy and Retry-After, for the answer to your caller.
	Header http.Header
}

// LimitResult of one limit.
type LimitResult struct {
	Policy, Key      string
	Allowed          bool
	Limit, Remaining int
}

// Check checks limits, all or nothing. It returns an error only for a mistake, such as a policy that
// is not there, and when its context has ended.
func (l *Limits) Check(ctx context.Context, options CheckOptions, limits ...Limit) (*Decision, error) {
	body := map[string]any{"limits": limits, "mode": or(options.Mode, "all")}
	request := Request{Body: body, Timeout: or(options.Timeout, 500*time.Millisecond)}
	response, err := l.client.Do(ctx, OpCheckRateLimits, request)
	switch {
	case ctx.Err() != nil:
		return nil, causeOf(ctx)
	case isAway(err):
		return &Decision{Allowed: !options.Closed, Header: http.Header{}}, nil
	case err != nil:
		return nil, err
	}
	var decided struct {
		Decision
		RetryAfterMs ms
	}
	if err := response.decode(&decided); err != nil {
		return nil, err
	}
	decision := decided.Decision
	decision.Answered, decision.RetryAfter = true, time.Duration(decided.RetryAfterMs)
	decision.Header = passedOn(response.Header)
	return &decision, nil
}

func passedOn(header http.Header) http.Header {
	passed := http.Header{}
	for name, values := range header {
		bare := strings.TrimPrefix(strings.ToLower(name), "x-")
		if strings.HasPrefix(bare, "ratelimit") || bare == "retry-after" {
			passed[name] = values
		}
	}
	return passed
}

// Do runs the work under a concurrency lease of the key, which is renewed until the work has
// returned. Without room it is CodeConcurrencyLimited at once. A weight of 0 counts as 1.
func (l *Limits) Do(ctx context.Context, policy, key string, weight int, work func(context.Context) error) error {
	path := map[string]string{"policy": policy}
	body := map[string]any{"key": key, "weight": or(weight, 1)}
	request := Request{Path: path, Query: url.Values{"onDeny": {"reject"}}, Body: body, IdempotencyKey: newKey()}
	held := map[string]any{"key": key}
	acquire := func(ctx context.Context) (term, error) {
		response, err := l.client.Do(ctx, OpAcquireConcurrencyLease, request)
		if err != nil {
			return term{}, err
		}
		var granted struct {
			Token       string
			ExpiresInMs ms
		}
		err = response.decode(&granted)
		held["token"] = granted.Token
		return term{askedAt: response.askedAt, expiresIn: time.Duration(granted.ExpiresInMs)}, err
	}
	renew := func(ctx context.Context, timeout time.Duration) (term, error) {
		return l.client.renewTerm(ctx, OpRenewConcurrencyLease, Request{Path: path, Body: held, Timeout: timeout})
	}
	release := func(ctx context.Context) error {
		_, err := l.client.Do(ctx, OpReleaseConcurrencyLease, Request{Path: path, Body: held, Timeout: undoTimeout})
		return err
	}
	granted, err := acquire(ctx)
	if err != nil {
		if mayBeGranted(err) {
			request.Timeout = undoTimeout
			go func() {
				if _, err := acquire(detached{ctx}); err == nil {
					_ = release(detached{ctx})
				}
			}()
		}
		return err
	}
	keeper := keep(ctx, l.client.clock, granted, renew, ignoreLoss)
	return under(keeper, release, work)
}

// renewTerm sends a renewal whose answer says how long the lease lasts.
func (c *Client) renewTerm(ctx context.Context, operation Operation, request Request) (term, error) {
	response, err := c.Do(ctx, operation, request)
	if err != nil {
		return term{}, err
	}
	var renewed struct{ ExpiresInMs ms }
	err = response.decode(&renewed)
	return term{askedAt: response.askedAt, expiresIn: time.Duration(renewed.ExpiresInMs)}, err
}
