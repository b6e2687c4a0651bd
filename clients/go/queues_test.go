package lockstep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func countsOf(t *testing.T, client *Client) map[string]int64 {
	t.Helper()
	type queue struct{ Counts map[string]int64 }
	return must[queue](t)(call[queue](ctx, client, OpGetQueue, Request{Path: map[string]string{"queue": "jobs"}})).Counts
}

func TestWorksThroughTheMessagesOfAQueueUntilItIsStopped(t *testing.T) {
	client := connect(t)
	sent := must[[]Sent](t)(client.Queues.Send(ctx, "jobs",
		Message{Body: map[string]int{"n": 1}, Headers: map[string]string{"a": "b"}, DedupID: "one"},
		Message{Body: []byte{0, 255}},
		Message{Body: "fails", Group: "g"}))
	check(t, len(sent) == 3 && !sent[0].Duplicate, "they are sent", sent)
	again := must[[]Sent](t)(client.Queues.Send(ctx, "jobs", Message{Body: 1, DedupID: "one"}))
	check(t, again[0].Duplicate && again[0].ID == sent[0].ID, "it is sent once", again)
	ctx, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	seen := map[string]*Delivery{}
	failure := errors.New(strings.Repeat("é", 1000))
	ended := make(chan error)
	go func() {
		ended <- client.Queues.Work(ctx, "jobs", WorkOptions{Parallel: 2}, func(ctx context.Context, delivery *Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			seen[delivery.ID] = delivery
			if delivery.Group == "g" {
				stop()
				return failure
			}
			return ctx.Err()
		})
	}()
	ok(t, <-ended)
	until(t, "what was begun is settled", func() bool { return countsOf(t, client)["leased"] == 0 })
	failed := seen[sent[2].ID]
	var text string
	ok(t, failed.Body.Decode(&text))
	check(t, text == "fails" && failed.Deliveries == 1 && failed.VisibleFor > 0, "it was delivered", failed)
}

func TestFailsAMessageAsItsErrorSays(t *testing.T) {
	client := connect(t)
	must[[]Sent](t)(client.Queues.Send(ctx, "jobs", Message{Body: "never"}, Message{Body: "later"}))
	ctx, stop := context.WithCancel(ctx)
	ok(t, client.Queues.Work(ctx, "jobs", WorkOptions{}, func(_ context.Context, delivery *Delivery) error {
		if string(delivery.Body) == `"later"` {
			stop()
			return fmt.Errorf("mail: %w", &NackError{Err: errors.New("mailbox full"), Delay: time.Hour})
		}
		return &NackError{Err: errors.New(strings.Repeat("no such street \xff", 100)), Dead: true}
	}))
	counts := countsOf(t, client)
	check(t, counts["dead"] == 1 && counts["delayed"] == 1, "one is dead, and one is delayed", counts)
	type list struct{ Items []struct{ Error string } }
	dead := Request{Path: map[string]string{"queue": "jobs"}, Query: url.Values{"state": {"dead"}}}
	items := must[list](t)(call[list](context.Background(), client, OpListMessages, dead)).Items
	check(t, strings.HasPrefix(items[0].Error, "no such street no such") && len(items[0].Error) <= 1024, "it says why", items)
}

func TestAWorkerGoesOnAfterAnOutage(t *testing.T) {
	var asked atomic.Int32
	client, direct := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "/receive") && asked.Add(1) < 4 {
			failed := refusal(500, CodeInternal)
			failed.Body = io.NopCloser(strings.NewReader(`{"code":"internal"}`))
			return failed, nil
		}
		return send()
	})
	must[[]Sent](t)(direct.Queues.Send(ctx, "jobs", Message{Body: 1}))
	ctx, stop := context.WithCancel(ctx)
	ok(t, client.Queues.Work(ctx, "jobs", WorkOptions{}, func(context.Context, *Delivery) error {
		stop()
		return nil
	}))
	check(t, asked.Load() == 4 && countsOf(t, direct)["leased"]+countsOf(t, direct)["ready"] == 0, "it is done", asked.Load())
}

func TestExtendsADeliveryWhileItsWorkRuns(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	must[[]Sent](t)(direct.Queues.Send(ctx, "jobs", Message{Body: []byte("long")}))
	ctx, stop := context.WithCancel(ctx)
	ok(t, client.Queues.Work(ctx, "jobs", WorkOptions{Visibility: 9 * time.Second}, func(ctx context.Context, delivery *Delivery) error {
		until(t, "it is extended", func() bool { return proxy.sent(`{"extend":[`) > 0 })
		check(t, string(delivery.Body) == "long", "it is bytes", delivery)
		stop()
		return ctx.Err()
	}))
	check(t, countsOf(t, direct)["leased"]+countsOf(t, direct)["ready"] == 0, "it is acknowledged")
}

func TestStopsTheWorkOfADeliveryThatIsNotItsOwnAnyMore(t *testing.T) {
	client := connect(t)
	must[[]Sent](t)(client.Queues.Send(ctx, "jobs", Message{Body: 1}))
	ctx, stop := context.WithCancel(ctx)
	ok(t, client.Queues.Work(ctx, "jobs", WorkOptions{Visibility: 3 * time.Second}, func(ctx context.Context, _ *Delivery) error {
		purge := Request{Path: map[string]string{"queue": "jobs"}}
		must[any](t)(call[any](ctx, client, OpDeleteQueue, purge))
		<-ctx.Done()
		stop()
		return ctx.Err()
	}))
}

func TestGivesBackWhatItGotWhenItHadStopped(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	proxy.set(dropsReplies)
	must[[]Sent](t)(direct.Queues.Send(ctx, "jobs", Message{Body: 1}))
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- client.Queues.Work(ctx, "jobs", WorkOptions{}, nil) }()
	until(t, "it is delivered", func() bool { return countsOf(t, direct)["leased"] == 1 })
	stop()
	proxy.set(forwards)
	ok(t, <-ended)
	check(t, countsOf(t, direct)["ready"] == 1, "it is ready again")
}

func TestAWorkerEndsWhenItsCallsAreRefused(t *testing.T) {
	err := connect(t).Queues.Work(ctx, "jobs", WorkOptions{Visibility: 24 * time.Hour}, nil)
	check(t, errors.Is(err, CodeInvalidRequest), "it is refused", err)
}
