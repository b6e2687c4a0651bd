package lockstep

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

const (
	// receivePoll is how long one receive waits.
	receivePoll = 20 * time.Second
	// longestFailure that is kept with a delivery, in bytes.
	longestFailure = 1024
)

// WorkOptions of a worker. Zero means the default.
type WorkOptions struct {
	// Parallel is how many deliveries are worked on at once: 1 by default.
	Parallel int
	// Visibility of a delivery, which is extended while the work runs: that of the queue or of the
	// group by default.
	Visibility time.Duration
}

// worker of messages or entries.
type worker[D any] struct {
	client              *Client
	receiving, settling Operation
	path                map[string]string
	options             WorkOptions
	work                func(context.Context, *D) error
}

// received is a delivery that is not decoded yet.
type received struct {
	receipt    string
	visibleFor time.Duration
	askedAt    time.Time
	raw        json.RawMessage
}

func (w *worker[D]) runAll(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	parallel := or(w.options.Parallel, 1)
	ends := make(chan error, parallel)
	for i := 0; i < parallel; i++ {
		go func() { ends <- w.run(working) }()
	}
	var first error
	for i := 0; i < parallel; i++ {
		if err := <-ends; err != nil && first == nil {
			first = err
			stop()
		}
	}
	return first
}

func (w *worker[D]) run(ctx context.Context) error {
	for tries := 0; ctx.Err() == nil; tries++ {
		delivery, err := w.receive(ctx)
		if err == nil && delivery != nil {
			err = w.handle(ctx, delivery)
		}
		switch {
		case err == nil:
			tries = -1
		case isAway(err) || isOneOf(err, CodeTooManyReceivers, CodeTooManyEntryReceivers):
			_ = sleep(ctx, backoff(tries)+retryAfter(err))
		case ctx.Err() == nil:
			return err
		}
	}
	return nil
}

func (w *worker[D]) receive(ctx context.Context) (*received, error) {
	body := map[string]any{"waitMs": ms(receivePoll)}
	if w.options.Visibility > 0 {
		body["visibilityMs"] = ms(w.options.Visibility)
	}
	request := Request{Path: w.path, Body: body, Wait: receivePoll, IdempotencyKey: newKey()}
	delivery, err := w.receiveOnce(ctx, request)
	if err != nil && ctx.Err() != nil {
		// What it may have got is for another worker.
		body["waitMs"], request.Wait, request.Timeout = 0, 0, undoTimeout
		if delivery, err := w.receiveOnce(detached{ctx}, request); err == nil && delivery != nil {
			_, _ = w.settle(detached{ctx}, "release", delivery.receipt, undoTimeout)
		}
	}
	return delivery, err
}

func (w *worker[D]) receiveOnce(ctx context.Context, request Request) (*received, error) {
	response, err := w.client.Do(ctx, w.receiving, request)
	if err != nil {
		return nil, err
	}
	var answer struct{ Items []json.RawMessage }
	if err := response.decode(&answer); err != nil || len(answer.Items) == 0 {
		return nil, err
	}
	var one struct {
		Receipt      string
		VisibleForMs ms
	}
	err = json.Unmarshal(answer.Items[0], &one)
	return &received{one.Receipt, time.Duration(one.VisibleForMs), response.askedAt, answer.Items[0]}, err
}

func (w *worker[D]) handle(ctx context.Context, delivery *received) error {
	extension := map[string]any{"receipt": delivery.receipt, "visibilityMs": ms(clamp(delivery.visibleFor, time.Second, 12*time.Hour))}
	extend := func(ctx context.Context, timeout time.Duration) (term, error) {
		askedAt, err := w.settle(ctx, "extend", extension, timeout)
		return term{askedAt: askedAt, expiresIn: delivery.visibleFor}, err
	}
	// What was begun is finished when the worker has to stop.
	ctx = detached{ctx}
	granted := term{askedAt: delivery.askedAt, expiresIn: delivery.visibleFor}
	keeper, err := keepRenewed(ctx, w.client.clock, granted, extend)
	if err == nil {
		defer keeper.end()
		decoded := new(D)
		failure := json.Unmarshal(delivery.raw, decoded)
		if failure == nil {
			failure = w.work(keeper.context(), decoded)
		}
		err = w.settleAs(ctx, delivery.receipt, failure)
	}
	var lost *LeaseLostError
	if errors.As(err, &lost) {
		// Another worker does it too, or has done it.
		return nil
	}
	return err
}

func (w *worker[D]) settleAs(ctx context.Context, receipt string, failure error) error {
	if failure == nil {
		_, err := w.settle(ctx, "ack", receipt, 0)
		return err
	}
	text := strings.ToValidUTF8(failure.Error(), "")
	if len(text) > longestFailure {
		text = strings.ToValidUTF8(text[:longestFailure], "")
	}
	nack := map[string]any{"receipt": receipt, "error": text}
	var asked *NackError
	if errors.As(failure, &asked) {
		nack["dead"] = asked.Dead
		// A group has no pause before it delivers again.
		if asked.Delay > 0 && w.settling == OpSettleMessages {
			nack["delayMs"] = ms(asked.Delay)
		}
	}
	_, err := w.settle(ctx, "nack", nack, 0)
	return err
}

// settle settles one delivery. It is a LeaseLostError when the delivery is not its own any more.
func (w *worker[D]) settle(ctx context.Context, how string, delivery any, timeout time.Duration) (askedAt time.Time, err error) {
	request := Request{Path: w.path, Body: map[string]any{how: []any{delivery}}, Timeout: timeout}
	response, err := w.client.Do(ctx, w.settling, request)
	if err != nil {
		return askedAt, err
	}
	var settled struct{ Results []struct{ Status string } }
	if err := response.decode(&settled); err != nil {
		return askedAt, err
	}
	if status := settled.Results[0].Status; status == "stale" || status == "gone" {
		err = &LeaseLostError{Why: "the delivery is " + status}
	}
	return response.askedAt, err
}
