package lockstep

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Calls are the operations of the API, by their names in openapi.yaml. Those of a stream of events are
// Locks.Hold, Locks.Watch and Streams.Follow.
type Calls struct{ client *Client }

// CallOptions of one call, at the end of its arguments.
type CallOptions struct {
	// Timeout is Options.Timeout by default.
	Timeout time.Duration
	// IdempotencyKey of an earlier call that is repeated.
	IdempotencyKey string
	// Header is sent as well, such as If-Match.
	Header http.Header
}

func askFor[A any](ctx context.Context, c *Client, operation Operation, request Request, options []CallOptions) (A, error) {
	return call[A](ctx, c, operation, request.with(options))
}

func get(ctx context.Context, c *Client, operation Operation, request Request, options []CallOptions) (*Response, error) {
	return c.Do(ctx, operation, request.with(options))
}

func tell(ctx context.Context, c *Client, operation Operation, request Request, options []CallOptions) error {
	_, err := c.Do(ctx, operation, request.with(options))
	return err
}

func (r Request) with(options []CallOptions) Request {
	for _, one := range options {
		r.Timeout, r.IdempotencyKey, r.Header = one.Timeout, one.IdempotencyKey, one.Header
	}
	return r
}

// queryOf the members of a struct, by their names in JSON.
func queryOf(query any) url.Values {
	text, err := json.Marshal(query)
	var members map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		panic(err)
	}
	values := url.Values{}
	for name, member := range members {
		var words string
		if json.Unmarshal(member, &words) != nil {
			words = string(member)
		}
		values.Set(name, words)
	}
	return values
}

func msOf(count *int64) time.Duration {
	return time.Duration(valueOf(count)) * time.Millisecond
}
