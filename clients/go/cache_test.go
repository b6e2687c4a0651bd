package lockstep

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type profile struct{ Name string }

// patient waits for the service on a busy machine, instead of loading without it.
var patient = LoadOptions{Timeout: patience}

func TestStoresJSONTextAndBytesAndReadsThem(t *testing.T) {
	client := connect(t)
	profiles, texts, images := JSON[profile](client, "pages"), Text(client, "pages"), Bytes(client, "pages")
	ok(t, profiles.Put(ctx, "json", profile{"Ada"}, PutOptions{TTL: time.Minute}))
	ok(t, texts.Put(ctx, "text", "ä", PutOptions{}))
	ok(t, images.Put(ctx, "bytes", []byte{0, 255}, PutOptions{}))
	read := must[Cached[profile]](t)(profiles.Get(ctx, "json"))
	check(t, read.Value.Name == "Ada" && !read.Stale && read.ETag != "", "it is JSON", read)
	check(t, must[Cached[string]](t)(texts.Get(ctx, "text")).Value == "ä", "it is text")
	_, err := texts.Get(ctx, "none")
	check(t, err == ErrAbsent, "it is absent", err)
	many := must[map[string][]byte](t)(images.GetMany(ctx, "text", "bytes", "none"))
	check(t, reflect.DeepEqual(many, map[string][]byte{"text": []byte("ä"), "bytes": {0, 255}}), "both are there", many)
	err = profiles.Put(ctx, "json", profile{"Eve"}, PutOptions{IfMatch: `"other"`})
	check(t, errors.Is(err, CodePreconditionFailed), "it is another version", err)
}

// Behaviour 22.
func TestInvalidatesByTagDeletesAndCountsBeyondTheExactNumbersOfJSON(t *testing.T) {
	pages := JSON[int](connect(t), "pages")
	ok(t, pages.Put(ctx, "tagged", 1, PutOptions{Tags: []string{`team "a"`}}))
	ok(t, pages.Invalidate(ctx, Invalidation{Tags: []string{`team "a"`}, Mode: "hard"}))
	_, err := pages.Get(ctx, "tagged")
	check(t, err == ErrAbsent, "it is invalid", err)
	ok(t, pages.Put(ctx, "gone", 1, PutOptions{}))
	ok(t, pages.Delete(ctx, "gone"))
	_, err = pages.Get(ctx, "gone")
	check(t, err == ErrAbsent, "it is deleted", err)
	count := must[int64](t)(pages.Increment(ctx, "count", 1<<60))
	check(t, count == 1<<60, "it is exact", count)
}

// Behaviour 15.
func TestLoadsOnceForCallersOfTwoClients(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	var loads atomic.Int32
	load := func(context.Context) (profile, error) {
		loads.Add(1)
		until(t, "another waits", func() bool { return proxy.sent("/v1/cache/pages/ada") > 0 })
		return profile{"Ada"}, nil
	}
	first := make(chan profile)
	go func() {
		value, err := JSON[profile](direct, "pages").GetOrLoad(ctx, "ada", load, patient)
		if err != nil {
			t.Error(err)
		}
		first <- value
	}()
	until(t, "it loads", func() bool { return loads.Load() == 1 })
	other := must[profile](t)(JSON[profile](client, "pages").GetOrLoad(ctx, "ada", load, patient))
	check(t, other.Name == "Ada" && (<-first).Name == "Ada" && loads.Load() == 1, "it is loaded once", loads.Load())
}

var errNotAsked = errors.New("this load was not asked for")

func mustNotLoad(context.Context) (string, error) { return "", errNotAsked }

func TestStoresThatThereIsNoValue(t *testing.T) {
	pages := Text(connect(t), "pages")
	_, err := pages.GetOrLoad(ctx, "nobody", func(context.Context) (string, error) { return "", ErrAbsent }, patient)
	check(t, err == ErrAbsent, "there is none", err)
	_, err = pages.GetOrLoad(ctx, "nobody", mustNotLoad, patient)
	check(t, err == ErrAbsent, "there is none, without a load", err)
	ok(t, pages.PutAbsent(ctx, "none", PutOptions{}))
	_, err = pages.GetOrLoad(ctx, "none", mustNotLoad, patient)
	check(t, err == ErrAbsent, "there is none, as was put", err)
}

// Behaviour 16.
func TestDropsAValueThatCameTooLateWithoutNoise(t *testing.T) {
	pages := Text(connect(t), "pages")
	options := patient
	options.OnNotStored = func(err error) { t.Error("noise: ", err) }
	load := func(context.Context) (string, error) {
		return "old", pages.Invalidate(ctx, Invalidation{Keys: []string{"late"}, Mode: "hard"})
	}
	value := must[string](t)(pages.GetOrLoad(ctx, "late", load, options))
	_, err := pages.Get(ctx, "late")
	check(t, value == "old" && err == ErrAbsent, "it is used once", value, err)
}

func TestSaysWhyAValueWasNotStoredAndReturnsIt(t *testing.T) {
	pages := Text(connect(t), "pages")
	large := strings.Repeat("x", 2_000_000)
	options := patient
	var notStored error
	options.OnNotStored = func(err error) { notStored = err }
	value := must[string](t)(pages.GetOrLoad(ctx, "large", func(context.Context) (string, error) { return large, nil }, options))
	check(t, value == large && errors.Is(notStored, CodeTooLarge), "it is too large", notStored)
}

var errSource = errors.New("the source is down")

func fails(context.Context) (string, error) { return "", errSource }

// Behaviour 17.
func TestGivesALoadThatFailedUpSoThatNoCallerLoadsForAWhile(t *testing.T) {
	pages := Text(connect(t), "pages")
	options := patient
	options.Backoff = time.Minute
	_, err := pages.GetOrLoad(ctx, "down", fails, options)
	check(t, err == errSource, "it fails", err)
	_, err = pages.GetOrLoad(ctx, "down", mustNotLoad, options)
	var failed *LoadFailedError
	check(t, errors.As(err, &failed) && failed.RetryAfter > 0, "nobody loads", err)
}

func TestAStoppedLoadLetsAnotherCallerLoadAtOnce(t *testing.T) {
	pages := Text(connect(t), "pages")
	stopped, stop := context.WithCancel(ctx)
	_, err := pages.GetOrLoad(stopped, "stopped", func(ctx context.Context) (string, error) {
		stop()
		return "", ctx.Err()
	}, patient)
	check(t, err == context.Canceled, "it is stopped", err)
	func() {
		defer func() { _ = recover() }()
		_, _ = pages.GetOrLoad(ctx, "panicked", func(context.Context) (string, error) { panic("load") }, patient)
	}()
	value := must[string](t)(pages.GetOrLoad(ctx, "stopped", func(context.Context) (string, error) { return "new", nil }, patient))
	_, err = pages.GetOrLoad(ctx, "panicked", mustNotLoad, patient)
	var failed *LoadFailedError
	check(t, value == "new" && errors.As(err, &failed), "only a panic is a failure", value, err)
}

// Behaviour 17.
func TestServesTheStaleValueWhenTheLoadFails(t *testing.T) {
	pages := Text(connect(t), "pages")
	ok(t, pages.Put(ctx, "stale", "old", PutOptions{Stale: time.Hour}))
	ok(t, pages.Invalidate(ctx, Invalidation{Keys: []string{"stale"}}))
	value := must[string](t)(pages.GetOrLoad(ctx, "stale", fails, patient))
	check(t, value == "old", "it is the stale one", value)
}

// Behaviour 18.
func TestRenewsTheLeaseWhileItLoads(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	space := Request{Path: map[string]string{"space": "slow"}, Body: map[string]any{"leaseMs": 9000, "maxLeaseMs": 9000}}
	must[any](t)(call[any](ctx, direct, OpPutCacheSpace, space))
	slow := Text(client, "slow")
	must[string](t)(slow.GetOrLoad(ctx, "a", func(context.Context) (string, error) {
		until(t, "it is renewed", func() bool { return proxy.sent("/v1/cache/slow/a/lease/renew") > 1 })
		return "loaded", nil
	}, patient))
	check(t, must[Cached[string]](t)(slow.Get(ctx, "a")).Value == "loaded", "it is stored")
}

// Behaviour 19.
func TestLoadsWithoutTheServiceWhileItIsAway(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	proxy.set(refuses)
	options := LoadOptions{Timeout: 100 * time.Millisecond}
	value := must[string](t)(Text(client, "pages").GetOrLoad(ctx, "away", func(context.Context) (string, error) { return "loaded", nil }, options))
	_, err := Text(direct, "pages").Get(ctx, "away")
	check(t, value == "loaded" && err == ErrAbsent, "it is loaded", value, err)
}

func TestAsksForNoLoadWhenTheRequestIsRefused(t *testing.T) {
	pages := Text(connect(t), "pages")
	must[int64](t)(pages.Increment(ctx, "counter", 1))
	_, err := pages.GetOrLoad(ctx, "counter", mustNotLoad, patient)
	check(t, errors.Is(err, CodeKindMismatch), "it is a counter", err)
}

// Behaviour 20.
func TestChecksLimitsTogetherWithTheHeadersToPassOn(t *testing.T) {
	client := connect(t)
	putPolicy(t, client, "one", map[string]any{"algorithm": "sliding-log", "limit": 1, "windowMs": 3_600_000})
	both := []Limit{
		{Policy: "one", Key: "user-7"},
		{Name: "address", Algorithm: "sliding-log", Limit: 9, Window: time.Hour, Key: "::1", More: map[string]any{"shadow": false}},
	}
	options := CheckOptions{Timeout: patience}
	first := must[*Decision](t)(client.Limits.Check(ctx, options, both...))
	check(t, first.Allowed && first.Answered && first.Remaining == 0 && first.Results[1].Remaining == 8, "it is allowed", first)
	check(t, strings.Contains(first.Header.Get("RateLimit"), `"address";r=8`), "it has headers", first.Header)
	denied := must[*Decision](t)(client.Limits.Check(ctx, options, both...))
	check(t, !denied.Allowed && denied.RetryAfter > 0 && denied.Header.Get("Retry-After") != "", "it is denied", denied)
	_, err := client.Limits.Check(ctx, options, Limit{Policy: "none", Key: "k"})
	check(t, errors.Is(err, CodePolicyNotFound), "a mistake is an error", err)
}

func putPolicy(t *testing.T, client *Client, name string, body map[string]any) {
	t.Helper()
	must[any](t)(call[any](ctx, client, OpPutRateLimitPolicy, Request{Path: map[string]string{"policy": name}, Body: body}))
}

// Behaviour 20.
func TestAllowsOrDeniesAsAskedWhenTheServiceDoesNotAnswer(t *testing.T) {
	client, _, proxy := throughFaults(t)
	proxy.set(frozen)
	limit := Limit{Policy: "one", Key: "user-8"}
	soon := CheckOptions{Timeout: 50 * time.Millisecond}
	open := must[*Decision](t)(client.Limits.Check(ctx, soon, limit))
	soon.Closed = true
	closed := must[*Decision](t)(client.Limits.Check(ctx, soon, limit))
	check(t, open.Allowed && !closed.Allowed && !open.Answered && !closed.Answered, "it is decided", open, closed)
	stopped, stop := context.WithCancel(ctx)
	sent := proxy.sent("/v1/ratelimits/check")
	ended := make(chan error)
	go func() {
		_, err := client.Limits.Check(stopped, CheckOptions{Timeout: patience}, limit)
		ended <- err
	}()
	until(t, "it is sent", func() bool { return proxy.sent("/v1/ratelimits/check") > sent })
	stop()
	err := <-ended
	check(t, errors.Is(err, context.Canceled), "a caller that stopped gets no decision", err)
}

// Behaviour 21.
func TestRunsWorkUnderAConcurrencyLeaseRenewsItAndFreesItsPlace(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	putPolicy(t, direct, "flight", map[string]any{"algorithm": "concurrency", "limit": 1, "leaseMs": 9000})
	nothing := func(context.Context) error { return nil }
	ok(t, client.Limits.Do(ctx, "flight", "user-7", 0, func(context.Context) error {
		err := client.Limits.Do(ctx, "flight", "user-7", 0, nothing)
		check(t, errors.Is(err, CodeConcurrencyLimited), "there is no room", err)
		until(t, "it is renewed", func() bool { return proxy.sent("/v1/ratelimits/flight/leases/renew") > 0 })
		return nil
	}))
	ok(t, client.Limits.Do(ctx, "flight", "user-7", 0, nothing))
}

// Behaviour 13.
func TestFreesAPlaceThatWasGrantedAfterTheCallerHadGivenUp(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	putPolicy(t, direct, "flight", map[string]any{"algorithm": "concurrency", "limit": 1, "leaseMs": 600_000})
	used := func() int {
		type usage struct{ InFlight int }
		request := Request{Path: map[string]string{"policy": "flight"}, Query: url.Values{"key": {"user-7"}}}
		return must[usage](t)(call[usage](ctx, direct, OpGetConcurrencyUsage, request)).InFlight
	}
	proxy.set(dropsReplies)
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		ended <- client.Limits.Do(ctx, "flight", "user-7", 0, func(context.Context) error { return errNotAsked })
	}()
	until(t, "it is granted", func() bool { return used() == 1 })
	stop()
	err := <-ended
	check(t, errors.Is(err, context.Canceled), "it was given up", err)
	proxy.set(forwards)
	until(t, "it is free", func() bool { return used() == 0 })
}

// Behaviour 22.
func TestKeepsInt64ScoresExact(t *testing.T) {
	client := connect(t)
	columns := []map[string]string{{"name": "points", "type": "int64"}, {"name": "seconds", "type": "number"}}
	board := Request{Path: map[string]string{"board": "arcade"}, Body: map[string]any{"columns": columns}}
	must[any](t)(call[any](ctx, client, OpPutLeaderboard, board))
	const largest = 1<<63 - 1
	results := must[[]Submitted](t)(client.Boards.SubmitAll(ctx, "arcade",
		Submission{Member: "ada", Scores: []Score{Int(largest), Float(1.5)}},
		Submission{Member: "bob", Scores: []Score{Int(7), Int(2)}}))
	check(t, results[0].Member == "ada" && results[0].Changed, "it is changed", results)
	top := must[[]Entry](t)(client.Boards.Top(ctx, "arcade", Page{From: 1, Limit: 1}))
	whole, err := top[0].Scores[0].Int64()
	ok(t, err)
	seconds := must[float64](t)(top[0].Scores[1].Float64())
	check(t, len(top) == 1 && whole == largest && seconds == 1.5 && top[0].Rank == 1, "it is exact", top)
	rank := must[Entry](t)(client.Boards.Rank(ctx, "arcade", "ada"))
	check(t, rank.Scores[0] == Int(largest) && rank.Total == 2, "it has its rank", rank)
	_, err = client.Boards.Rank(ctx, "arcade", "eve")
	check(t, err == ErrAbsent, "there is none", err)
	around := must[[]Entry](t)(client.Boards.Around(ctx, "arcade", "bob", Page{Limit: 3}))
	check(t, len(around) == 2 && around[1].Rank == 2, "it has neighbours", around)
	one := must[Submitted](t)(client.Boards.Submit(ctx, "simple", "ada", Int(12)))
	check(t, one.Score == Int(12) && one.PersonalBest, "it is submitted", one)
	page := Page{From: 2, Limit: 3, Season: "previous"}.query("count")
	check(t, reflect.DeepEqual(page, url.Values{"from": {"2"}, "count": {"3"}, "season": {"previous"}}), "it is a query", page)
}
