package lockstep

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"
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
	answer, err := call[struct{ Messages []Sent }](ctx, q.client, OpSendMessages, request)
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
}

// UnmarshalJSON takes a delivery of the API.
func (d *Delivery) UnmarshalJSON(text []byte) error {
	type bare Delivery
	delivery := struct {
		*bare
		Body         json.RawMessage
		Encoding     string
		VisibleForMs ms
	}{bare: (*bare)(d)}
	err := json.Unmarshal(text, &delivery)
	if err == nil {
		d.VisibleFor = time.Duration(delivery.VisibleForMs)
		d.Body, err = dataOf(delivery.Body, delivery.Encoding)
	}
	return err
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

// Work does the work of the messages of a queue until its context ends; then it finishes what it has
// begun. A delivery is extended while the work runs; the context of the work is cancelled when it is
// lost. Work that returns nil acknowledges the message; after an error it is delivered again, later, or
// as a NackError says. A message may be delivered twice. Work returns an error when the service refuses its calls.
func (q *Queues) Work(ctx context.Context, queue string, options WorkOptions, work func(context.Context, *Delivery) error) error {
	w := worker[Delivery]{q.client, OpReceiveMessages, OpSettleMessages, map[string]string{"queue": queue}, options, work}
	return w.runAll(ctx)
}
