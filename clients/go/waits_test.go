package lockstep

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// acquires has the keys and the waits of the acquires that were sent.
type acquires struct {
	keys  []string
	waits []int64
}

// add one, if the request is one.
func (a *acquires) add(t *testing.T, request *http.Request) bool {
	if !strings.HasSuffix(request.URL.Path, "/acquire") {
		return false
	}
	text := must[[]byte](t)(io.ReadAll(request.Body))
	request.Body = io.NopCloser(bytes.NewReader(text))
	var body struct{ WaitMs int64 }
	ok(t, json.Unmarshal(text, &body))
	a.keys, a.waits = append(a.keys, request.Header.Get("Idempotency-Key")), append(a.waits, body.WaitMs)
	return true
}

// Behaviour 41.
func TestWaitsLongerThanOneRequestMayUnderOneKey(t *testing.T) {
	var asked acquires
	client, _ := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if asked.add(t, request) && len(asked.keys) < 3 {
			return refusal(408, CodeWaitTimeout), nil
		}
		return send()
	})
	must[*Lease](t)(client.Locks.Acquire(ctx, "long", LeaseOptions{Wait: time.Hour}))
	check(t, asked.waits[0] == 25_000 && asked.waits[2] == 25_000, "it waits in pieces", asked)
	check(t, asked.keys[0] != "" && asked.keys[0] == asked.keys[1] && asked.keys[1] == asked.keys[2], "it keeps its place", asked)
}

// Behaviour 42.
func TestGoesOnWaitingAtAnotherInstance(t *testing.T) {
	var asked acquires
	client, _ := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if asked.add(t, request) && request.URL.Host == "draining.invalid" {
			return refusal(503, CodeDraining), nil
		}
		return send()
	})
	client.options.URLs = []string{"http://draining.invalid", address}
	must[*Lease](t)(client.Locks.Acquire(ctx, "moved", LeaseOptions{Wait: time.Hour}))
	check(t, len(asked.keys) == 2 && asked.keys[0] != "" && asked.keys[0] == asked.keys[1], "it is one acquire", asked)
}

// Behaviour 43.
func TestWaitsForNoRetryBeyondTheTimeOfTheCall(t *testing.T) {
	for status, code := range map[int]error{503: CodeOverloaded, 429: CodeRateLimited} {
		status, code := status, code
		t.Run(code.Error(), func(t *testing.T) {
			var asked atomic.Int32
			client, _ := through(t, func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
				asked.Add(1)
				return refusal(status, code), nil
			})
			_, err := call[any](ctx, client, OpIncrementCacheCounter, hits)
			check(t, errors.Is(err, code) && asked.Load() == 1, "it is sent once", err)
		})
	}
}

// Behaviour 48.
func TestPausesARandomPartOfATimeThatDoubles(t *testing.T) {
	for tries := 0; tries < 100; tries++ {
		longest := 2 * time.Second
		if tries < 6 {
			longest = 50 * time.Millisecond << tries
		}
		var quarters [4]bool
		for i := 0; i < 200; i++ {
			pause := backoff(tries)
			check(t, pause >= 0 && pause < longest, "it is a part", tries, pause)
			quarters[4*pause/longest] = true
		}
		check(t, quarters == [4]bool{true, true, true, true}, "it may be any part", tries, quarters)
	}
}
