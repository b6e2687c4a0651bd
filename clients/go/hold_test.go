package lockstep

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Behaviour 45.
func TestHoldsALockWhileTheWorkRuns(t *testing.T) {
	client := connect(t)
	options := LeaseOptions{Owner: "me", LockDelay: 10 * time.Minute}
	var fence int64
	ok(t, client.Locks.Hold(ctx, "held", options, func(ctx context.Context, lease *Lease) error {
		seen := look(t, client, "held")
		check(t, seen.State == "held" && seen.Holders[0].Fence == lease.Fence && seen.Holders[0].Owner == "me", "it is held", seen)
		fence = lease.Fence
		return lease.Err()
	}))
	seen := must[lockState](t)(call[lockState](ctx, client, OpGetLock, lockOf("held")))
	check(t, seen.State == "free" && seen.LastEnd.How == "released" && fence > 0, "it is free at once", seen)
}

func TestHoldWaitsForTheLockAndIsRefusedWithoutAWait(t *testing.T) {
	client := connect(t)
	lease := must[*Lease](t)(client.Locks.Acquire(ctx, "waited", LeaseOptions{}))
	never := func(context.Context, *Lease) error { return errNotAsked }
	err := client.Locks.Hold(ctx, "waited", LeaseOptions{}, never)
	check(t, errors.Is(err, CodeLockHeld), "it is refused", err)
	waiting, stop := context.WithCancel(ctx)
	given := make(chan error)
	go func() { given <- client.Locks.Hold(waiting, "waited", LeaseOptions{Wait: 4 * time.Minute}, never) }()
	queued := func(count int) func() bool {
		return func() bool { return look(t, client, "waited").QueueLength == count }
	}
	until(t, "it waits", queued(1))
	stop()
	err = <-given
	check(t, errors.Is(err, context.Canceled), "it was given up", err)
	until(t, "it waits no more", queued(0))
	go func() {
		given <- client.Locks.Hold(ctx, "waited", LeaseOptions{Wait: 4 * time.Minute}, func(context.Context, *Lease) error { return nil })
	}()
	until(t, "it waits again", queued(1))
	ok(t, client.Locks.Release(ctx, "waited", lease.Token))
	ok(t, <-given)
}

// Behaviours 9 and 10.
func TestHoldStopsTheWorkWhenAnOperatorEndsTheLeaseAndAsksItBefore(t *testing.T) {
	client := connect(t)
	err := client.Locks.Hold(ctx, "revoked", LeaseOptions{}, func(ctx context.Context, lease *Lease) error {
		revoke(t, client, "revoked", map[string]any{})
		<-ctx.Done()
		var asked *RevokeRequestedError
		check(t, errors.As(lease.Cause(), &asked) && asked.Reason == "maintenance" && lease.Err() == nil, "it is asked", lease.Cause())
		revoke(t, client, "revoked", forced())
		until(t, "it is lost", func() bool { return lease.Err() != nil })
		return nil
	})
	check(t, isLost(err), "it is lost", err)
}

// Behaviour 45.
func TestHoldStopsTheWorkWhenTheConnectionIsGoneAndTheLockWithIt(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	err := client.Locks.Hold(ctx, "cut", LeaseOptions{}, func(ctx context.Context, _ *Lease) error {
		proxy.set(refuses)
		until(t, "it is free", func() bool { return look(t, direct, "cut").State == "free" })
		proxy.set(forwards)
		<-ctx.Done()
		return nil
	})
	check(t, isLost(err), "it is lost", err)
}

// leaving is the stream of an instance that shuts down once it has sent the first event. What it
// was connected to stays open, and with it the lease.
type leaving struct {
	io.Closer
	text io.Reader
}

func (l leaving) Read(into []byte) (int, error) { return l.text.Read(into) }

// Behaviour 46.
func TestHoldGoesOnAtAnotherInstance(t *testing.T) {
	var streams atomic.Int32
	client, direct := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if !strings.HasSuffix(request.URL.Path, "/hold") || streams.Add(1) > 1 {
			return send()
		}
		later := request.Clone(context.Background())
		answer, err := http.DefaultTransport.RoundTrip(later)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { answer.Body.Close() })
		var text bytes.Buffer
		for part := make([]byte, 1); !strings.Contains(text.String(), "\"elapsedMs\"") || !strings.HasSuffix(text.String(), "\n\n"); {
			if _, err := answer.Body.Read(part); err != nil {
				return nil, err
			}
			text.Write(part)
		}
		text.WriteString("event: detach\ndata: {}\n\n")
		answer.Body, answer.ContentLength = leaving{io.NopCloser(nil), &text}, -1
		return answer, nil
	})
	ok(t, client.Locks.Hold(ctx, "moved", LeaseOptions{}, func(_ context.Context, lease *Lease) error {
		until(t, "it goes on", func() bool { return streams.Load() == 2 })
		check(t, look(t, direct, "moved").Holders[0].Fence == lease.Fence, "it is the same lease")
		return lease.Err()
	}))
	check(t, look(t, direct, "moved").LastEnd.How == "released", "it is released")
}

// Behaviour 47.
func TestWatchesALockAlsoAfterACut(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	seen := make(chan LockEvent)
	watching, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		ended <- client.Locks.Watch(watching, "watched", func(event LockEvent) error {
			seen <- event
			return nil
		})
	}()
	first := <-seen
	check(t, first.Name == "watching" && first.Lock.State == "free" && first.ID != "", "it has the state", first)
	lease := must[*Lease](t)(direct.Locks.Acquire(ctx, "watched", LeaseOptions{Owner: "me"}))
	granted := <-seen
	check(t, granted.Name == "granted" && *granted.Change.Fence == lease.Fence && *granted.Change.Owner == "me", "it is granted", granted)
	proxy.set(refuses)
	ok(t, direct.Locks.Release(ctx, "watched", lease.Token))
	proxy.set(forwards)
	released := <-seen
	check(t, released.Name == "released" && *released.Change.Fence == lease.Fence, "it is released", released)
	stop()
	err := <-ended
	check(t, errors.Is(err, context.Canceled), "it ends with the context", err)
	enough := errors.New("enough")
	err = direct.Locks.Watch(ctx, "watched", func(LockEvent) error { return enough })
	check(t, err == enough, "it ends with the error", err)
	err = direct.Locks.Watch(ctx, "..", func(LockEvent) error { return nil })
	check(t, errors.Is(err, CodeInvalidRequest), "it is refused", err)
}
