package lockstep

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

const (
	// receivePoll is how long one receive waits.
	receivePoll = 20 * time.Second
	// longestFailure that is kept with a message, in bytes.
	longestFailure = 1024
)

// Queues of messages.
type Queues struct{ client *Client }

// Message to send.
type Message struct {
	// Body is any JSON, or []byte.
	Body     any
	Priority int
	Delay    time.Duration
	// Group of messages that are delivered one at a time, in order.
	Group string
	// DedupID of which only the first message is stored, for a while.
	DedupID string
	Headers map[string]string
}

// MarshalJSON is the message as the API takes it.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Body     any               `json:"body"`
		Encoding string            `json:"encoding"`
		Priority int               `json:"priority,omitempty"`
		Delay    ms                `json:"delayMs,omitempty"`
		Group    string            `json:"group,omitempty"`
		DedupID  string            `json:"dedupId,omitempty"`
		Headers  map[string]string `json:"headers,omitempty"`
	}{m.Body, encodingOf(m.Body), m.Priority, ms(m.Delay), m.Group, m.DedupID, m.Headers})
}

// Sent is a message that is stored, or a Duplicate of one that was.
type Sent struct {
	ID        string
	Duplicate bool
}

// Send stores all messages or none.
func (q *Queues) Send(ctx context.Context, queue string, messages ...Message) ([]Sent, error) {
	request := Request{Path: map[string]string{"queue": queue}, Body: map[string]any{"messages": messages}}
	answer, err := Call[struct{ Messages []Sent }](ctx, q.client, OpSendMessages, request)
	return answer.Messages, err
}

// Delivery of a message to a worker.
type Delivery struct {
	ID   string
	Body Data
	// Deliveries counts this one too, and Failures those that failed.
	Deliveries, Failures int64
	Priority             int
	Group                string
	Headers              map[string]string
	SentAt               time.Time

	Receipt    string
	VisibleFor time.Duration
	askedAt    time.Time
}

// Data is the JSON of a message or an entry, or its bytes.
type Data []byte

// Decode decodes JSON.
func (d Data) Decode(value any) error { return json.Unmarshal(d, value) }

// encodingOf what is sent. Bytes are base64 in JSON.
func encodingOf(data any) string {
	if _, isBytes := data.([]byte); isBytes {
		return "base64"
	}
	return "json"
}

// dataOf is the data as it was sent.
func dataOf(raw json.RawMessage, encoding string) (Data, error) {
	if encoding == "json" {
		return Data(raw), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || encoding == "text" {
		return Data(text), err
	}
	return base64.StdEncoding.DecodeString(text)
}

// WorkOptions of a worker. Zero means the default.
type WorkOptions struct {
	// Parallel is how many messages are worked on at once: 1 by default.
	Parallel int
	// Visibility of a delivery, which is extended while the work runs: that of the queue by default.
	Visibility time.Duration
}

// Work does the work of the messages of a queue until its context ends; then it finishes what it has
// begun. A delivery is extended while the work runs; the context of the work is cancelled when it is
// lost. Work that returns nil acknowledges the message; after an error it is delivered again, later.
// A message may be delivered twice. Work returns an error when the service refuses its calls.
func (q *Queues) Work(ctx context.Context, queue string, options WorkOptions, work func(context.Context, *Delivery) error) error {
	w := worker{q.client, map[string]string{"queue": queue}, options, work}
	working, stop := context.WithCancel(ctx)
	defer stop()
	parallel := or(options.Parallel, 1)
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

type worker struct {
	client  *Client
	path    map[string]string
	options WorkOptions
	work    func(context.Context, *Delivery) error
}

func (w *worker) run(ctx context.Context) error {
	for tries := 0; ctx.Err() == nil; tries++ {
		delivery, err := w.receive(ctx)
		if err == nil && delivery != nil {
			err = w.handle(ctx, delivery)
		}
		switch {
		case err == nil:
			tries = -1
		case isAway(err) || errors.Is(err, CodeTooManyReceivers):
			_ = sleep(ctx, backoff(tries)+retryAfter(err))
		case ctx.Err() == nil:
			return err
		}
	}
	return nil
}

func (w *worker) receive(ctx context.Context) (*Delivery, error) {
	body := map[string]any{"waitMs": ms(receivePoll)}
	if w.options.Visibility > 0 {
		body["visibilityMs"] = ms(w.options.Visibility)
	}
	request := Request{Path: w.path, Body: body, Wait: receivePoll, IdempotencyKey: newKey()}
	delivery, err := w.receiveOnce(ctx, request)
	if err != nil && ctx.Err() != nil {
		// The message that it may have got is for another worker.
		body["waitMs"], request.Wait, request.Timeout = 0, 0, undoTimeout
		if delivery, err := w.receiveOnce(detached{ctx}, request); err == nil && delivery != nil {
			_, _ = w.settle(detached{ctx}, "release", delivery.Receipt, undoTimeout)
		}
	}
	return delivery, err
}

func (w *worker) receiveOnce(ctx context.Context, request Request) (*Delivery, error) {
	response, err := w.client.Do(ctx, OpReceiveMessages, request)
	if err != nil {
		return nil, err
	}
	var received struct {
		Items []struct {
			Delivery
			Body         json.RawMessage
			Encoding     string
			VisibleForMs ms
		}
	}
	if err := response.decode(&received); err != nil || len(received.Items) == 0 {
		return nil, err
	}
	one := received.Items[0]
	delivery := one.Delivery
	delivery.askedAt, delivery.VisibleFor = response.askedAt, time.Duration(one.VisibleForMs)
	delivery.Body, err = dataOf(one.Body, one.Encoding)
	return &delivery, err
}

func (w *worker) handle(ctx context.Context, delivery *Delivery) error {
	extension := map[string]any{"receipt": delivery.Receipt, "visibilityMs": ms(clamp(delivery.VisibleFor, time.Second, 12*time.Hour))}
	extend := func(ctx context.Context, timeout time.Duration) (term, error) {
		askedAt, err := w.settle(ctx, "extend", extension, timeout)
		return term{askedAt: askedAt, expiresIn: delivery.VisibleFor}, err
	}
	// What was begun is finished when the worker has to stop.
	ctx = detached{ctx}
	granted := term{askedAt: delivery.askedAt, expiresIn: delivery.VisibleFor}
	keeper, err := keepRenewed(ctx, w.client.clock, granted, extend)
	if err == nil {
		defer keeper.end()
		err = w.settleAs(ctx, delivery.Receipt, w.work(keeper.context(), delivery))
	}
	var lost *LeaseLostError
	if errors.As(err, &lost) {
		// Another worker does it too, or has done it.
		return nil
	}
	return err
}

func (w *worker) settleAs(ctx context.Context, receipt string, failure error) error {
	if failure == nil {
		_, err := w.settle(ctx, "ack", receipt, 0)
		return err
	}
	text := failure.Error()
	if len(text) > longestFailure {
		text = strings.ToValidUTF8(text[:longestFailure], "")
	}
	_, err := w.settle(ctx, "nack", map[string]any{"receipt": receipt, "error": text}, 0)
	return err
}

// settle settles one delivery. It is a LeaseLostError when the message is not its own any more.
func (w *worker) settle(ctx context.Context, how string, delivery any, timeout time.Duration) (askedAt time.Time, err error) {
	request := Request{Path: w.path, Body: map[string]any{how: []any{delivery}}, Timeout: timeout}
	response, err := w.client.Do(ctx, OpSettleMessages, request)
	if err != nil {
		return askedAt, err
	}
	var settled struct{ Results []struct{ Status string } }
	if err := response.decode(&settled); err != nil {
		return askedAt, err
	}
	if status := settled.Results[0].Status; status == "stale" || status == "gone" {
		err = &LeaseLostError{Why: "the message is " + status}
	}
	return response.askedAt, err
}
