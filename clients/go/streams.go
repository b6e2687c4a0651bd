package lockstep

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"
)

// followPoll is how long one page waits for its first entry.
const followPoll = 20 * time.Second

// Streams of entries.
type Streams struct{ client *Client }

// NewEntry to append. Data is any JSON, or []byte.
type NewEntry struct {
	Event string
	Data  any
}

// MarshalJSON is the entry as the API takes it.
func (e NewEntry) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"event": e.Event, "data": e.Data, "encoding": encodingOf(e.Data)})
}

// StreamEntry of a stream.
type StreamEntry struct {
	ID         string
	Event      string
	AppendedAt time.Time
	Data       Data
}

// UnmarshalJSON takes an entry of the API.
func (e *StreamEntry) UnmarshalJSON(text []byte) error {
	type bare StreamEntry
	entry := struct {
		*bare
		Data     json.RawMessage
		Encoding string
	}{bare: (*bare)(e)}
	err := json.Unmarshal(text, &entry)
	if err == nil {
		e.Data, err = dataOf(entry.Data, entry.Encoding)
	}
	return err
}

// Place in a stream, and how many entries to read there.
type Place struct {
	// After an id, "start", "end", or "at:" and a time. A page of the newest first ends Before one.
	After, Before string
	Newest        bool
	Limit         int
	// Wait for the first entry, up to 20 s.
	Wait time.Duration
}

// StreamPage has Items, and where later ones follow: LastID.
type StreamPage struct {
	Items []StreamEntry
	// NextCursor is After of the next page, or Before of one of the newest first.
	NextCursor string
	LastID     string
	// Missed entries of a page after "start" were dropped since the stream began.
	Missed int64
}

// Append appends all entries or none, and returns their ids.
func (s *Streams) Append(ctx context.Context, stream string, entries ...NewEntry) ([]string, error) {
	type appended struct{ Entries []struct{ ID string } }
	request := Request{Path: map[string]string{"stream": stream}, Body: map[string]any{"entries": entries}}
	answer, err := call[appended](ctx, s.client, OpAppendToStream, request)
	var ids []string
	for _, entry := range answer.Entries {
		ids = append(ids, entry.ID)
	}
	return ids, err
}

// Page reads entries. After a place that is lost it is CodePositionLost.
func (s *Streams) Page(ctx context.Context, stream string, place Place) (StreamPage, error) {
	query := url.Values{}
	texts := map[string]string{"after": place.After, "before": place.Before}
	if place.Newest {
		texts["order"] = "desc"
	}
	for name, value := range texts {
		if value != "" {
			query.Set(name, value)
		}
	}
	numbers := map[string]int64{"limit": int64(place.Limit), "waitMs": ms(place.Wait).count()}
	for name, value := range numbers {
		if value > 0 {
			query.Set(name, strconv.FormatInt(value, 10))
		}
	}
	request := Request{Path: map[string]string{"stream": stream}, Query: query, Wait: place.Wait}
	return call[StreamPage](ctx, s.client, OpReadStream, request)
}

// Follow calls a function with each entry after a place, as it is appended, until the context ends or
// the function returns an error. After a place that is lost it is CodePositionLost.
func (s *Streams) Follow(ctx context.Context, stream, after string, each func(StreamEntry) error) error {
	for tries := 0; ; tries++ {
		page, err := s.Page(ctx, stream, Place{After: after, Wait: followPoll})
		switch {
		case err == nil:
			tries = -1
		case ctx.Err() != nil:
			return causeOf(ctx)
		case isAway(err) || errors.Is(err, CodeTooManyReaders):
			_ = sleep(ctx, backoff(tries)+retryAfter(err))
		default:
			return err
		}
		for _, entry := range page.Items {
			if err := each(entry); err != nil {
				return err
			}
			after = entry.ID
		}
		if len(page.Items) == 0 {
			after = or(page.LastID, after)
		}
	}
}

// EntryDelivery of an entry to a worker of a group.
type EntryDelivery struct {
	StreamEntry
	// Deliveries counts this one too, and Failures those that failed.
	Deliveries, Failures int64
	Receipt              string
	VisibleFor           time.Duration
}

// UnmarshalJSON takes a delivery of the API.
func (d *EntryDelivery) UnmarshalJSON(text []byte) error {
	var lease struct {
		Deliveries, Failures int64
		Receipt              string
		VisibleForMs         ms
	}
	if err := json.Unmarshal(text, &lease); err != nil {
		return err
	}
	d.Deliveries, d.Failures = lease.Deliveries, lease.Failures
	d.Receipt, d.VisibleFor = lease.Receipt, time.Duration(lease.VisibleForMs)
	return d.StreamEntry.UnmarshalJSON(text)
}

// Work does the work of the entries of a group, as that of a queue does of its messages. After an
// error an entry is delivered again at once.
func (s *Streams) Work(ctx context.Context, stream, group string, options WorkOptions, work func(context.Context, *EntryDelivery) error) error {
	path := map[string]string{"stream": stream, "group": group}
	w := worker[EntryDelivery]{s.client, OpReceiveEntries, OpSettleEntries, path, options, work}
	return w.runAll(ctx)
}
