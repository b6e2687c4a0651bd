package lockstep

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"lockstep.example/lockstep/api"
)

var hits = Request{Path: map[string]string{"space": "stats", "key": "hits"}}

func countOf(t *testing.T, client *Client) string {
	t.Helper()
	counter, err := call[struct{ Value string }](ctx, client, OpGetCacheCounter, hits)
	if errors.Is(err, CodeCacheMiss) {
		return "0"
	}
	ok(t, err)
	return counter.Value
}

func lockOf(name string) Request { return Request{Path: map[string]string{"name": name}} }

// lockState is what anybody sees of a lock.
type lockState struct {
	State   string
	Holders []struct {
		Owner               string
		Fence               int64
		HeldMs, ExpiresInMs int64
	}
	QueueLength int
	LastEnd     struct{ How string }
}

func look(t *testing.T, client *Client, name string) lockState {
	t.Helper()
	return must[lockState](t)(call[lockState](ctx, client, OpGetLock, lockOf(name)))
}

func TestCallsEachOperationWithItsTypes(t *testing.T) {
	client := connect(t)
	lease := must[api.Lease](t)(client.Call.AcquireLock(ctx, "a/b c", api.AcquireLockRequest{Owner: api.Ptr("me")}))
	seen := must[api.Lock](t)(client.Call.GetLock(ctx, "a/b c"))
	holder := seen.Holders[0]
	check(t, seen.State == api.LockStateHeld && holder.Fence == lease.Fence && *holder.Owner == "me", "it is held", seen)
	locks := must[api.LockList](t)(client.Call.ListLocks(ctx, api.ListLocksQuery{Prefix: api.Ptr("a/"), Limit: api.Ptr[int64](10)}))
	check(t, len(locks.Items) == 1 && locks.Items[0].Name == "a/b c", "it is listed", locks)
	ok(t, client.Call.InvalidateCache(ctx, "pages", api.InvalidateCacheRequest{All: api.Ptr(true)}))
}

func TestACallHasOptionsAndBytes(t *testing.T) {
	client := connect(t)
	keyed := CallOptions{IdempotencyKey: newKey(), Timeout: patience}
	by := api.IncrementCounterRequest{By: api.Ptr(api.Int(1<<62 + 1))}
	must[api.CounterValue](t)(client.Call.IncrementCacheCounter(ctx, "stats", "hits", by, keyed))
	counter := must[api.CounterValue](t)(client.Call.IncrementCacheCounter(ctx, "stats", "hits", by, keyed))
	check(t, counter.Value == "4611686018427387905", "it counts once, and is exact", counter)
	header := http.Header{"Content-Type": {"text/plain"}}
	must[*Response](t)(client.Call.PutCacheEntry(ctx, "pages", "ada", api.PutCacheEntryQuery{}, []byte("Ada"), CallOptions{Header: header}))
	entry := must[*Response](t)(client.Call.GetCacheEntry(ctx, "pages", "ada", api.GetCacheEntryQuery{}))
	check(t, string(entry.Body) == "Ada" && entry.Header.Get("Content-Type") == "text/plain", "it has bytes and headers", entry)
}

func TestACallThatWaitsHasItsTimeOnTopOfTheWait(t *testing.T) {
	client := connect(t)
	held := must[*Lease](t)(client.Locks.Acquire(ctx, "waited", LeaseOptions{}))
	granted := make(chan api.Lease)
	go func() {
		// Without the wait, the call would have no time at all.
		options := CallOptions{Timeout: time.Nanosecond}
		lease, err := client.Call.AcquireLock(ctx, "waited", api.AcquireLockRequest{WaitMs: api.Ptr[int64](240_000)}, options)
		if err != nil {
			t.Error(err)
		}
		granted <- lease
	}()
	until(t, "it waits", func() bool { return look(t, client, "waited").QueueLength == 1 })
	ok(t, client.Locks.Release(ctx, "waited", held.Token))
	lease := <-granted
	check(t, lease.Fence > held.Fence, "it is granted", lease)
}

func TestPassesTheTraceAndTheTokenOn(t *testing.T) {
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	type key struct{}
	client, _, proxy := throughFaults(t, func(options *Options) {
		options.Token = "secret-of-the-caller"
		options.Header = func(ctx context.Context) http.Header {
			trace, _ := ctx.Value(key{}).(string)
			return http.Header{"traceparent": {trace}}
		}
	})
	traced := context.WithValue(ctx, key{}, traceparent)
	must[lockState](t)(call[lockState](traced, client, OpGetLock, lockOf("traced")))
	check(t, proxy.sent("Traceparent: "+traceparent) == 1, "the trace is sent")
	check(t, proxy.sent("Authorization: Bearer secret-of-the-caller") == 1, "the token is sent")
}

// Behaviour 5.
func TestReturnsTheProblemOfARefusalAndSendsItOnce(t *testing.T) {
	client, _, proxy := throughFaults(t)
	held := must[*Lease](t)(client.Locks.Acquire(ctx, "held", LeaseOptions{Owner: "first"}))
	_, err := call[any](ctx, client, OpAcquireLock, lockOf("held"))
	check(t, errors.Is(err, CodeLockHeld) && !errors.Is(err, CodeLeaseExpired), "it has its code", err)
	var refused *Error
	check(t, errors.As(err, &refused) && refused.Status == 423, "it is typed", err)
	problem, is := CodeLockHeld.Of(err)
	check(t, is && problem.Holders[0].Fence == held.Fence && *problem.Holders[0].Owner == "first", "it has members", problem)
	_, is = CodeLeaseExpired.Of(err)
	check(t, !is, "it is no other code", err)
	check(t, proxy.sent("/v1/locks/held/acquire") == 2, "it is sent once")
}

// Behaviour 1.
func TestRepeatsACallWhoseAnswerWasLostSoThatItCountsOnce(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	proxy.set(dropsReplies)
	counted := make(chan struct{ Value string })
	go func() {
		counter, err := call[struct{ Value string }](ctx, client, OpIncrementCacheCounter, hits)
		if err != nil {
			t.Error(err)
		}
		counted <- counter
	}()
	until(t, "it is applied", func() bool { return countOf(t, direct) == "1" })
	proxy.set(forwards)
	counter := <-counted
	check(t, counter.Value == "1" && countOf(t, direct) == "1", "it counts once", counter)
	check(t, proxy.sent("/v1/cache/stats/hits/incr") > 1, "it was repeated")
}

var revocation = Request{
	Path: map[string]string{"name": "revoked"},
	Body: map[string]any{"reason": "in a test", "force": true},
}

// Behaviour 29.
func TestDoesNotRepeatWhatMayApplyAgain(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	must[any](t)(call[any](ctx, direct, OpAcquireLock, lockOf("revoked")))
	proxy.set(dropsReplies)
	ended := make(chan error)
	go func() {
		_, err := call[any](ctx, client, OpRevokeLock, revocation)
		ended <- err
	}()
	until(t, "it is applied", func() bool { return look(t, direct, "revoked").State == "free" })
	must[any](t)(call[any](ctx, direct, OpAcquireLock, lockOf("revoked")))
	proxy.set(forwards)
	err := <-ended
	var silent *NoAnswerError
	check(t, errors.As(err, &silent), "its outcome is unknown", err)
	check(t, look(t, direct, "revoked").State == "held", "the next holder keeps the lock")
	check(t, proxy.sent("/v1/locks/revoked/revoke") == 1, "it is sent once")
}

// Behaviour 29.
func TestRepeatsWhatMayApplyAgainWhenItWasNotSent(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	gone.Close()
	client := connect(t, func(options *Options) { options.URLs = []string{"http://" + gone.Addr().String(), address} })
	must[any](t)(call[any](ctx, client, OpRevokeLock, revocation))
}

// Behaviour 2.
func TestCutsAnAttemptThatGetsNoAnswerAndRepeatsIt(t *testing.T) {
	client, direct, proxy := throughFaults(t, func(options *Options) { options.AttemptTimeout = 500 * time.Millisecond })
	proxy.set(dropsReplies)
	counted := make(chan error)
	go func() {
		_, err := call[any](ctx, client, OpIncrementCacheCounter, hits)
		counted <- err
	}()
	until(t, "it is repeated", func() bool { return proxy.sent("/v1/cache/stats/hits/incr") > 1 })
	proxy.set(forwards)
	ok(t, <-counted)
	check(t, countOf(t, direct) == "1", "it counts once")
}

// Behaviour 3.
func TestTriesTheNextAddress(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	gone.Close()
	client := connect(t, func(options *Options) { options.URLs = []string{"http://" + gone.Addr().String(), address} })
	check(t, look(t, client, "free").State == "free", "it is answered")
}

// Behaviour 28.
func TestLeavesAnAddressThatDoesNotAnswerOnceForAllCalls(t *testing.T) {
	var gone atomic.Int32
	client, _ := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if request.URL.Host != "gone.invalid" {
			return send()
		}
		gone.Add(1)
		until(t, "both calls ask", func() bool { return gone.Load() == 2 })
		return nil, errors.New("no such host")
	})
	client.options.URLs = []string{"http://gone.invalid", address}
	first := make(chan string)
	go func() { first <- look(t, client, "free").State }()
	check(t, look(t, client, "free").State == "free" && <-first == "free" && gone.Load() == 2, "each asks it once", gone.Load())
}

// serve is a server that stands between, or for, the service.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// Behaviour 4.
func TestTakesTheAnswerOfAProxyBetweenForNoAnswer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"error":   func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(502) },
		"page":    func(response http.ResponseWriter, _ *http.Request) { _, _ = response.Write([]byte("<p>Log in</p>")) },
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"problem": func(response http.ResponseWriter, _ *http.Request) {
			response.Header().Set("Content-Type", "application/problem+json")
			response.WriteHeader(400)
			_, _ = response.Write([]byte(`{"title":"of another"}`))
		},
		"to a page": func(response http.ResponseWriter, request *http.Request) {
			http.Redirect(response, request, "/login", http.StatusFound)
		},
	} {
		answer := answer
		t.Run(name, func(t *testing.T) {
			asked := 0
			between := serve(t, func(response http.ResponseWriter, request *http.Request) {
				asked++
				answer(response, request)
			})
			client := connect(t, func(options *Options) { options.URLs = []string{between.URL + "/", address + "/"} })
			lease := must[*Lease](t)(client.Locks.Acquire(ctx, "free", LeaseOptions{}))
			check(t, lease.Token != "" && asked == 1, "it is answered by the other", asked)
		})
	}
}

func TestACallHasItsTimeOnTopOfTheWait(t *testing.T) {
	client := connect(t)
	must[[]Sent](t)(client.Queues.Send(ctx, "calls", Message{Body: "ring"}))
	path, body := map[string]string{"queue": "calls"}, map[string]any{"waitMs": 20_000}
	request := Request{Path: path, Body: body, Wait: 20 * time.Second, Timeout: time.Nanosecond}
	type received struct{ Items []struct{ Body string } }
	got := must[received](t)(call[received](ctx, client, OpReceiveMessages, request))
	check(t, len(got.Items) == 1 && got.Items[0].Body == "ring", "it is delivered", got)
}

func TestNoNameLeadsToAnotherPath(t *testing.T) {
	client := connect(t)
	must[Submitted](t)(client.Boards.Submit(ctx, "kept", "ada", Int(1)))
	for _, member := range []string{"", ".", ".."} {
		request := Request{Path: map[string]string{"board": "kept", "member": member}}
		_, err := call[any](ctx, client, OpDeleteEntry, request)
		check(t, errors.Is(err, CodeInvalidRequest), "it is refused", err)
	}
	must[Entry](t)(client.Boards.Rank(ctx, "kept", "ada"))
}

// Behaviour 6.
func TestGivesUpWhenTheTimeOfTheCallIsOver(t *testing.T) {
	client, _, proxy := throughFaults(t, func(options *Options) { options.AttemptTimeout = 50 * time.Millisecond })
	proxy.set(frozen)
	request := lockOf("free")
	request.Timeout = 200 * time.Millisecond
	_, err := call[any](ctx, client, OpGetLock, request)
	var silent *NoAnswerError
	check(t, errors.As(err, &silent) && errors.Is(err, context.DeadlineExceeded), "there is no answer", err)
}

// Behaviour 6.
func TestEndsWithTheContextOfTheCaller(t *testing.T) {
	client, _, proxy := throughFaults(t)
	proxy.set(frozen)
	enough := errors.New("enough")
	ctx, stop := withCause(ctx)
	ended := make(chan error)
	go func() {
		_, err := call[any](ctx, client, OpGetLock, lockOf("x"))
		ended <- err
	}()
	until(t, "it is sent", func() bool { return proxy.sent("/v1/locks/x") > 0 })
	stop(enough)
	err := <-ended
	check(t, errors.Is(err, causeOf(ctx)), "it ends for its reason", err)
	_, err = call[any](ctx, client, OpGetLock, lockOf("y"))
	check(t, errors.Is(err, causeOf(ctx)) && proxy.sent("/v1/locks/y") == 0, "a later call is not sent", err)
}

func TestWaitsAsLongAsTheServiceAsks(t *testing.T) {
	began := time.Now()
	asked := 0
	busy := serve(t, func(response http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			response.Header().Set("Content-Type", "application/problem+json")
			response.WriteHeader(503)
			_, _ = response.Write([]byte(`{"code":"overloaded","detail":"","retryAfterMs":40}`))
			return
		}
		response.WriteHeader(204)
	})
	client := connect(t, func(options *Options) { options.URLs = []string{busy.URL} })
	must[any](t)(call[any](ctx, client, OpGetLock, lockOf("busy")))
	check(t, asked == 2 && time.Since(began) >= 40*time.Millisecond, "it waits", asked)
}

func TestRepeatsOnlyWhatDoesNoHarm(t *testing.T) {
	unknown, away := &Error{Code: string(CodeOutcomeUnknown)}, &Error{Code: string(CodeDraining)}
	silent, refused := &NoAnswerError{}, &Error{Code: string(CodeStoreFull)}
	conditional := http.Header{"If-Match": {"*"}}
	for _, one := range []struct {
		err    error
		repeat repeat
		header http.Header
		may    bool
	}{
		{away, harmless, conditional, true}, {unknown, harmless, conditional, false},
		{silent, harmless, conditional, false}, {silent, harmless, nil, true},
		{unknown, keyed, conditional, true}, {silent, keyed, conditional, true}, {refused, keyed, nil, false},
		{away, appliesAgain, nil, true}, {unknown, appliesAgain, nil, false}, {silent, appliesAgain, nil, false},
	} {
		check(t, mayRepeat(one.err, one.repeat, one.header) == one.may, "it may be repeated, or not", one)
	}
}

func TestCallsAServiceAtAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	ok(t, err)
	service, err := url.Parse(address)
	ok(t, err)
	server := &http.Server{Handler: httputil.NewSingleHostReverseProxy(service)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	client := connect(t, func(options *Options) {
		options.URLs, options.HTTP = []string{"http://localhost"}, UnixSocket(path)
	})
	check(t, look(t, client, "free").State == "free", "it is answered")
}
