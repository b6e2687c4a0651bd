package lockstep

import (
	"context"
	"time"

	"lockstep.example/lockstep/api"
)

// Locks are leases of locks, which can be watched, and held by a connection.
type Locks struct{ *Leases[string] }

// LockEvent is what happened to a lock.
type LockEvent struct {
	// Name is "watching" or "reset", which have the Lock, or "queued", "granted", "changed", "released",
	// "expired" or "revoked", which have the Change.
	Name   string
	ID     string
	Lock   *api.Lock
	Change *api.LockChange
}

// Watch calls a function with the state of the lock, and then with each event, until the context ends
// or the function returns an error. After an outage it goes on where it was.
func (l *Locks) Watch(ctx context.Context, name string, each func(LockEvent) error) error {
	request := Request{Path: map[string]string{"name": name}}
	return l.client.follow(ctx, OpWatchLock, request, func(sent serverEvent) error {
		event := LockEvent{Name: sent.name, ID: sent.id}
		var data any
		if sent.name == string(api.LockStateEventNameWatching) || sent.name == string(api.LockStateEventNameReset) {
			event.Lock = new(api.Lock)
			data = event.Lock
		} else {
			event.Change = new(api.LockChange)
			data = event.Change
		}
		if err := sent.decode(data); err != nil {
			return err
		}
		return each(event)
	})
}

// Hold is Do, but the service renews the lock while a connection is open. The wait of its options is
// one request, of 4 minutes at most.
func (l *Locks) Hold(ctx context.Context, name string, options LeaseOptions, work func(context.Context, *Lease) error) error {
	opened, cut := context.WithCancel(detached{ctx})
	defer cut()
	body := options.body()
	body.Wait = ms(options.Wait)
	stream, lease, err := l.open(ctx, opened, cut, name, Request{Body: body, Wait: options.Wait})
	if err != nil {
		return err
	}
	granted := term{askedAt: lease.askedAt, expiresIn: lease.ExpiresIn}
	keeper := keep(ctx, l.client.clock, granted, nil, ignoreLoss)
	lease.guard = keeper
	again := Request{Path: map[string]string{"name": name}, Body: leaseBody{Token: lease.Token}}
	go l.listen(opened, stream, keeper, again)
	// The service ends the stream of a lease that is released. To close it before would count as a
	// crash, with its lock delay.
	release := func(ctx context.Context) error {
		_, err := l.send(ctx, l.release, name, leaseBody{Token: lease.Token}, Request{Timeout: undoTimeout})
		return err
	}
	return under(keeper, release, func(ctx context.Context) error { return work(ctx, lease) })
}

// open waits for the lock until the context of the caller ends.
func (l *Locks) open(ctx, opened context.Context, cut context.CancelFunc, name string, request Request) (*eventStream, *Lease, error) {
	isOpen := make(chan struct{})
	defer close(isOpen)
	go func() {
		select {
		case <-ctx.Done():
			cut()
		case <-isOpen:
		}
	}()
	request.Path = map[string]string{"name": name}
	stream, err := l.client.connect(opened, OpHoldLock, request)
	if err == nil {
		var event serverEvent
		if event, err = stream.next(); err == nil {
			var held api.HeldLock
			err = event.decode(&held)
			expiresIn := time.Duration(held.ExpiresInMs) * time.Millisecond
			askedAt := stream.askedAt.Add(time.Duration(held.ElapsedMs) * time.Millisecond)
			return stream, &Lease{
				Token: held.Token, Fence: held.Fence, ExpiresIn: expiresIn, Waited: msOf(held.WaitedMs), askedAt: askedAt,
			}, err
		}
		stream.close()
		err = &NoAnswerError{Call: "hold " + name, Err: err}
	}
	if ctx.Err() != nil {
		err = causeOf(ctx)
	}
	return nil, nil, err
}

// listen follows the stream that is the lease, and continues it at another instance.
func (l *Locks) listen(ctx context.Context, stream *eventStream, keeper *keeper, again Request) {
	for tries := 0; ; tries++ {
		for event, err := stream.next(); err == nil; event, err = stream.next() {
			tries = 0
			keeper.take(event, stream.askedAt)
		}
		stream.close()
		for {
			if sleep(keeper.done, backoff(tries)) != nil {
				return
			}
			again.Timeout = keeper.left()
			var err error
			if stream, err = l.client.connect(ctx, OpHoldLock, again); err == nil {
				break
			}
			if isEnd(err) {
				keeper.loseUnlessDone("it has ended", err)
			}
			tries++
		}
	}
}

// take an event of the stream that is the lease.
func (k *keeper) take(event serverEvent, askedAt time.Time) {
	var sign struct {
		ExpiresInMs, ElapsedMs ms
		Reason                 string
	}
	if event.decode(&sign) != nil {
		return
	}
	switch event.name {
	case "acquired", "ping":
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.done.Err() == nil {
			k.accept(term{askedAt: askedAt.Add(time.Duration(sign.ElapsedMs)), expiresIn: time.Duration(sign.ExpiresInMs)})
		}
	case "revoke-requested":
		k.giveWay(sign.Reason)
	case "lost":
		k.loseUnlessDone(sign.Reason, nil)
	}
}

func (k *keeper) loseUnlessDone(why string, err error) {
	if k.done.Err() == nil {
		k.lose(why, err)
	}
}
