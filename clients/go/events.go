package lockstep

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// silence after which a stream is dead: the service sends at least a comment every 15 s.
const silence = 45 * time.Second

// serverEvent of a stream.
type serverEvent struct {
	name, id string
	data     []byte
}

// eventStream that has begun.
type eventStream struct {
	askedAt time.Time
	body    io.Closer
	lines   *bufio.Reader
	cut     context.CancelFunc
	dead    *time.Timer
}

// connect returns a stream of events, which ends with the context.
func (c *Client) connect(ctx context.Context, operation Operation, request Request) (stream *eventStream, err error) {
	err = c.send(ctx, operation, request, func(timed context.Context, a attempt) (err error) {
		stream, err = c.open(ctx, timed, a)
		return err
	})
	return stream, err
}

// open has the time of the attempt to begin the stream.
func (c *Client) open(ctx, timed context.Context, a attempt) (*eventStream, error) {
	opened, cut := context.WithCancel(ctx)
	deadline, _ := timed.Deadline()
	tooLate := time.AfterFunc(clamp(a.timeout, 0, time.Until(deadline)), cut)
	stream := &eventStream{askedAt: time.Now(), cut: cut}
	answer, err := c.sendOnce(opened, a)
	if err == nil && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") && tooLate.Stop() {
		stream.body, stream.lines = answer.Body, bufio.NewReader(answer.Body)
		stream.dead = time.AfterFunc(silence, cut)
		return stream, nil
	}
	defer cut()
	response := &Response{}
	if err == nil {
		err = response.read(answer)
	}
	return nil, a.failure(timed, response, err)
}

func (s *eventStream) close() {
	s.dead.Stop()
	s.cut()
	s.body.Close()
}

// next event, or the error that ended the stream.
func (s *eventStream) next() (event serverEvent, err error) {
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return event, err
		}
		s.dead.Reset(silence)
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			event.name = value
		case "id":
			event.id = value
		case "data":
			event.data = []byte(value)
		case "":
			if event.data != nil {
				return event, nil
			}
			event = serverEvent{}
		}
	}
}

// follow calls a function with each event, also of later connections, until the context ends, the
// function returns an error, or the service refuses.
func (c *Client) follow(ctx context.Context, operation Operation, request Request, each func(serverEvent) error) error {
	request.Header = http.Header{}
	for tries := 0; ; tries++ {
		stream, err := c.connect(ctx, operation, request)
		for err == nil {
			var event serverEvent
			if event, err = stream.next(); err != nil {
				stream.close()
				break
			}
			tries = 0
			if failure := each(event); failure != nil {
				stream.close()
				return failure
			}
			request.Header.Set("Last-Event-ID", event.id)
		}
		if ctx.Err() != nil {
			return causeOf(ctx)
		}
		var refused *Error
		if errors.As(err, &refused) && !isAway(err) {
			return err
		}
		_ = sleep(ctx, backoff(tries)+retryAfter(err))
	}
}

func (e serverEvent) decode(data any) error { return json.Unmarshal(e.data, data) }
