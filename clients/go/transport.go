package lockstep

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff   = 50 * time.Millisecond
	longestBackoff = 2 * time.Second
)

// Operation of the API.
type Operation struct {
	method, path string
	repeat       repeat
}

// repeat says what a repeat of a call does.
type repeat int

const (
	harmless repeat = iota
	// keyed: it counts once, by its Idempotency-Key.
	keyed
	// appliesAgain: it acts on what came after the first, such as the next holder.
	appliesAgain
)

// Request is the input of an operation.
type Request struct {
	// Path has the parameters in the path of the operation.
	Path   map[string]string
	Query  url.Values
	Header http.Header
	// Body is sent as JSON; []byte as it is.
	Body any
	// Wait is how long the service is asked to wait before it answers, in the query or the body.
	Wait time.Duration
	// Timeout is Options.Timeout by default.
	Timeout time.Duration
	// IdempotencyKey of an earlier call that is repeated.
	IdempotencyKey string
}

// Response of an operation.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// askedAt is before the attempt that was answered.
	askedAt time.Time
}

// call calls an operation and decodes its JSON answer.
func call[T any](ctx context.Context, c *Client, operation Operation, request Request) (T, error) {
	var result T
	response, err := c.Do(ctx, operation, request)
	if err != nil {
		return result, err
	}
	return result, response.decode(&result)
}

func (r *Response) isJSON() bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

func (r *Response) decode(result any) error {
	if !r.isJSON() {
		return nil
	}
	return json.Unmarshal(r.Body, result)
}

// Do sends the request until it is answered, repeats do no good, or its time is over.
func (c *Client) Do(ctx context.Context, operation Operation, request Request) (response *Response, err error) {
	err = c.send(ctx, operation, request, func(ctx context.Context, a attempt) (err error) {
		response, err = c.ask(ctx, a)
		return err
	})
	return response, err
}

// attempt to send a request.
type attempt struct {
	operation Operation
	address   string
	header    http.Header
	body      []byte
	timeout   time.Duration
}

// send makes attempts within the time of the call.
func (c *Client) send(ctx context.Context, operation Operation, request Request, try func(context.Context, attempt) error) error {
	header := c.headerOf(ctx, operation, request)
	body, err := bodyOf(request.Body, header)
	if err != nil {
		return err
	}
	path, err := operation.fill(request)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return causeOf(ctx)
	}
	timed, cancel := context.WithTimeout(ctx, or(request.Timeout, c.options.Timeout)+request.Wait)
	defer cancel()
	for tries := 0; ; tries++ {
		turn := c.turn.Load()
		base := strings.TrimSuffix(c.options.URLs[int(turn)%len(c.options.URLs)], "/")
		err := try(timed, attempt{operation, base + path, header, body, c.options.AttemptTimeout + request.Wait})
		if err == nil || timed.Err() != nil || !mayRepeat(err, operation.repeat, header) {
			return err
		}
		c.turn.CompareAndSwap(turn, turn+1)
		pause := time.Duration(0)
		if tries+1 >= len(c.options.URLs) {
			pause = backoff(tries) + retryAfter(err)
		}
		if deadline, _ := timed.Deadline(); time.Until(deadline) <= pause {
			return err
		}
		if sleep(timed, pause) != nil {
			if ctx.Err() != nil {
				return causeOf(ctx)
			}
			return err
		}
	}
}

func (c *Client) headerOf(ctx context.Context, operation Operation, request Request) http.Header {
	header := http.Header{}
	if c.options.Header != nil {
		copyHeader(header, c.options.Header(ctx))
	}
	if c.options.Token != "" {
		header.Set("Authorization", "Bearer "+c.options.Token)
	}
	if c.options.Namespace != "" {
		header.Set("Lockstep-Namespace", c.options.Namespace)
	}
	if operation.repeat == keyed {
		header.Set("Idempotency-Key", or(request.IdempotencyKey, newKey()))
	}
	copyHeader(header, request.Header)
	return header
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[http.CanonicalHeaderKey(name)] = values
	}
}

func bodyOf(body any, header http.Header) ([]byte, error) {
	if raw, isRaw := body.([]byte); isRaw || body == nil {
		return raw, nil
	}
	header.Set("Content-Type", "application/json")
	return json.Marshal(body)
}

// fill lets no name lead to another path: that of an entry ".." is the one of its board.
func (o Operation) fill(request Request) (string, error) {
	path := o.path
	for name, value := range request.Path {
		if value == "" || value == "." || value == ".." {
			return "", &Error{Code: string(CodeInvalidRequest), Status: 400, Detail: fmt.Sprintf("%q is no name", value)}
		}
		path = strings.Replace(path, "{"+name+"}", url.PathEscape(value), 1)
	}
	if len(request.Query) > 0 {
		path += "?" + request.Query.Encode()
	}
	return path, nil
}

// isRaw reports whether it answers bytes, not JSON.
func (o Operation) isRaw() bool {
	return o == OpGetCacheEntry || o == OpPutCacheEntry || o == OpExportLeaderboard
}

func (c *Client) ask(ctx context.Context, a attempt) (*Response, error) {
	timed, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	response := &Response{askedAt: time.Now()}
	answer, err := c.sendOnce(timed, a)
	if err == nil {
		err = response.read(answer)
	}
	isRaw := a.operation.isRaw() || response.Status != http.StatusOK
	if err == nil && (response.Status/100 == 2 && (isRaw || response.isJSON()) || response.Status == http.StatusNotModified) {
		return response, nil
	}
	return nil, a.failure(ctx, response, err)
}

func (c *Client) sendOnce(ctx context.Context, a attempt) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, a.operation.method, a.address, bytes.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	request.Header = a.header
	return c.options.HTTP.Do(request)
}

func (r *Response) read(answer *http.Response) (err error) {
	defer answer.Body.Close()
	r.Status, r.Header = answer.StatusCode, answer.Header
	r.Body, err = io.ReadAll(answer.Body)
	return err
}

// failure is what the service refused, or that it did not answer.
func (a attempt) failure(ctx context.Context, response *Response, err error) error {
	if err == nil {
		var refused *Error
		if refused, err = response.problem(); err == nil {
			return refused
		}
	}
	if ctx.Err() != nil {
		err = causeOf(ctx)
	}
	return &NoAnswerError{Call: a.operation.method + " " + a.address, Err: err}
}

// problem is the error in an answer. A proxy between may answer something else.
func (r *Response) problem() (*Error, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json") {
		return nil, fmt.Errorf("status %d, not from the service", r.Status)
	}
	var problem struct {
		Code, Detail, RequestID string
		RetryAfterMs            *ms
	}
	if err := json.Unmarshal(r.Body, &problem); err != nil {
		return nil, err
	}
	if problem.Code == "" {
		return nil, fmt.Errorf("status %d, a problem of another service", r.Status)
	}
	refused := &Error{Code: problem.Code, Status: r.Status, Detail: problem.Detail, RequestID: problem.RequestID, problem: r.Body}
	if problem.RetryAfterMs != nil {
		refused.RetryAfter = time.Duration(*problem.RetryAfterMs)
	} else if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil {
		refused.RetryAfter = time.Duration(seconds) * time.Second
	}
	return refused, nil
}

// mayRepeat reports whether the same request may be sent again. What may have been applied is
// repeated under a condition only with an Idempotency-Key: the condition might not hold because of it.
func mayRepeat(err error, repeat repeat, header http.Header) bool {
	if isOneOf(err, CodeStoreUnavailable, CodeOverloaded, CodeDraining) {
		return true
	}
	var unsent *net.OpError
	if errors.As(err, &unsent) && unsent.Op == "dial" {
		return true
	}
	var silent *NoAnswerError
	if !isOneOf(err, CodeOutcomeUnknown) && !errors.As(err, &silent) {
		return false
	}
	isConditional := header.Get("If-Match") != "" || header.Get("If-None-Match") != ""
	return repeat == keyed || repeat == harmless && !isConditional
}

// backoff is a random part of a time that doubles.
func backoff(tries int) time.Duration {
	longest := longestBackoff
	if tries < 6 {
		longest = firstBackoff << tries
	}
	part, err := rand.Int(rand.Reader, big.NewInt(int64(longest)))
	if err != nil {
		panic(err)
	}
	return time.Duration(part.Int64())
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return causeOf(ctx)
	}
}

func newKey() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", random)
}

// ms is a duration in the API: a whole number of milliseconds. A part of one counts as one.
type ms time.Duration

func (d ms) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, d.count(), 10), nil
}

func (d *ms) UnmarshalJSON(text []byte) error {
	count, err := strconv.ParseInt(string(text), 10, 64)
	if count > math.MaxInt64/int64(time.Millisecond) {
		count = math.MaxInt64 / int64(time.Millisecond)
	}
	*d = ms(time.Duration(count) * time.Millisecond)
	return err
}

func (d ms) count() int64 {
	return int64((time.Duration(d) + time.Millisecond - 1) / time.Millisecond)
}
