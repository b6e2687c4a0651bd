package lockstep

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func countsOf(t *testing.T, client *Client) map[string]int64 {
	t.Helper()
	type queue struct{ Counts map[string]int64 }
	return must[queue](t)(Call[queue](ctx, client, OpGetQueue, Request{Path: map[string]string{"queue": "jobs"}})).Counts
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
		must[any](t)(Call[any](ctx, client, OpDeleteQueue, purge))
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
