package lockstep

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAppendsAndReadsPages(t *testing.T) {
	streams := connect(t).Streams
	ids := must[[]string](t)(streams.Append(ctx, "orders", NewEntry{"placed", map[string]int{"order": 7}}, NewEntry{"raw", []byte{0, 255}}))
	page := must[StreamPage](t)(streams.Page(ctx, "orders", Place{Limit: 1}))
	var order struct{ Order int }
	ok(t, page.Items[0].Data.Decode(&order))
	check(t, order.Order == 7 && page.Items[0].Event == "placed" && time.Since(page.Items[0].AppendedAt) < time.Hour, "it is read", page)
	page = must[StreamPage](t)(streams.Page(ctx, "orders", Place{After: page.NextCursor}))
	check(t, string(page.Items[0].Data) == "\x00\xff" && page.LastID == ids[1] && page.NextCursor == "", "the rest is read", page)
	page = must[StreamPage](t)(streams.Page(ctx, "orders", Place{Before: ids[1], Newest: true}))
	check(t, len(page.Items) == 1 && page.Items[0].ID == ids[0], "the newest is read", page)
}

func TestFollowsAStreamThroughAFault(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	seen := make(chan string, 10)
	enough := errors.New("enough")
	ended := make(chan error)
	go func() {
		ended <- client.Streams.Follow(ctx, "chat", "start", func(entry StreamEntry) error {
			seen <- entry.Event
			if entry.Event == "last" {
				return enough
			}
			return nil
		})
	}()
	must[[]string](t)(direct.Streams.Append(ctx, "chat", NewEntry{"one", nil}))
	check(t, <-seen == "one", "it is seen")
	proxy.set(refuses)
	must[[]string](t)(direct.Streams.Append(ctx, "chat", NewEntry{"two", nil}, NewEntry{"last", nil}))
	proxy.set(forwards)
	check(t, <-seen == "two" && <-seen == "last" && errors.Is(<-ended, enough), "each is seen once")
}

func TestFollowsUntilTheContextEndsOrThePlaceIsLost(t *testing.T) {
	client := connect(t)
	path := map[string]string{"stream": "small"}
	must[any](t)(call[any](ctx, client, OpPutStream, Request{Path: path, Body: map[string]any{"capacity": 1}}))
	first := must[[]string](t)(client.Streams.Append(ctx, "small", NewEntry{"said", 1}))
	ctx, stop := context.WithCancel(ctx)
	err := client.Streams.Follow(ctx, "small", "start", func(StreamEntry) error {
		stop()
		return nil
	})
	check(t, errors.Is(err, context.Canceled), "it is stopped", err)
	must[[]string](t)(client.Streams.Append(context.Background(), "small", NewEntry{"said", 2}, NewEntry{"said", 3}))
	err = client.Streams.Follow(context.Background(), "small", first[0], func(StreamEntry) error { return errNotAsked })
	lost, is := CodePositionLost.Of(err)
	check(t, is && *lost.Missed == 1, "it is lost", err)
}

// Behaviour 40.
func TestAStreamThatIsRefusedIsAskedForOnce(t *testing.T) {
	client, _, proxy := throughFaults(t)
	err := client.Streams.Follow(ctx, "chat", "nowhere", func(StreamEntry) error { return errNotAsked })
	check(t, errors.Is(err, CodeInvalidRequest) && proxy.sent("/v1/streams/chat/") == 1, "it is refused", err)
}

func TestWorksThroughTheEntriesOfAGroup(t *testing.T) {
	client := connect(t)
	group := Request{Path: map[string]string{"stream": "orders", "group": "billing"}}
	put := group
	put.Body = map[string]any{"start": "start", "maxFailures": 1}
	must[any](t)(call[any](ctx, client, OpPutStreamGroup, put))
	ids := must[[]string](t)(client.Streams.Append(ctx, "orders",
		NewEntry{"fails", 1}, NewEntry{"raw", []byte{0, 255}}, NewEntry{"lost", 2}, NewEntry{"last", 3}))
	ctx, stop := context.WithCancel(ctx)
	seen := map[string]*EntryDelivery{}
	options := WorkOptions{Visibility: 9 * time.Second}
	ok(t, client.Streams.Work(ctx, "orders", "billing", options, func(ctx context.Context, entry *EntryDelivery) error {
		seen[entry.ID] = entry
		switch entry.Event {
		case "fails":
			return errors.New("no such customer")
		case "lost":
			acknowledge := group
			acknowledge.Body = map[string]any{"ack": []string{entry.Receipt}}
			must[any](t)(call[any](ctx, client, OpSettleEntries, acknowledge))
			<-ctx.Done()
		case "last":
			stop()
		}
		return nil
	}))
	raw := seen[ids[1]]
	check(t, string(raw.Data) == "\x00\xff" && raw.Deliveries == 1 && raw.VisibleFor > 0, "it is delivered", raw)
	check(t, len(seen) == 4 && time.Since(raw.AppendedAt) < time.Hour, "all are", seen)
	type counts struct{ Lag, Leased, Ready, Dead int }
	now := must[counts](t)(call[counts](context.Background(), client, OpGetStreamGroup, group))
	check(t, now == counts{Dead: 1}, "they are settled", now)
}
