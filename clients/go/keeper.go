package lockstep

import (
	"context"
	"errors"
	"sync"
	"time"
)

// clock is monotonic. Tests drive one of their own.
type clock interface {
	Now() time.Time
	AfterFunc(time.Duration, func()) timer
}

type timer interface{ Stop() bool }

type systemClock struct{}

func (systemClock) Now() time.Time                                { return time.Now() }
func (systemClock) AfterFunc(after time.Duration, f func()) timer { return time.AfterFunc(after, f) }

// detached has the values of a context, and outlives it.
type detached struct{ context.Context }

func (detached) Deadline() (deadline time.Time, ok bool) { return }
func (detached) Done() <-chan struct{}                   { return nil }
func (detached) Err() error                              { return nil }

// watch stops the work under a lease.
type watch struct {
	ctx    context.Context
	cancel func(error)

	mu    sync.Mutex
	cause error
	loss  error
}

func newWatch(ctx context.Context) *watch {
	w := &watch{}
	w.ctx, w.cancel = withCause(ctx)
	return w
}

func (w *watch) stop(cause error, isLoss bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if isLoss && w.loss == nil {
		w.loss = cause
	}
	if w.cause == nil {
		w.cause = cause
	}
	w.cancel(cause)
}

func (w *watch) lose(why string, err error) { w.stop(&LeaseLostError{Why: why, Err: err}, true) }

func (w *watch) giveWay(reason string) { w.stop(&RevokeRequestedError{reason}, false) }

func (w *watch) context() context.Context { return w.ctx }

func (w *watch) end() { w.cancel(nil) }

// lost returns the loss, if there is one.
func (w *watch) lost() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loss
}

// stopped returns why the work is stopped, if it is.
func (w *watch) stopped() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cause
}

// term is what a lease has left, counted from before the request that was answered.
type term struct {
	askedAt   time.Time
	expiresIn time.Duration
	// revoke is why the holder is asked to give way.
	revoke string
}

// keeper renews a lease in the background, three times per term. Its context is cancelled when the
// lease has ended, when the holder is asked to give way, and before the lease can end if no renewal
// got through.
type keeper struct {
	*watch
	clock  clock
	renew  renew
	onLoss func(error)

	done   context.Context
	finish context.CancelFunc

	mu                sync.Mutex
	certainUntil      time.Time
	renewal, deadline timer
}

// renew has so much time for its call.
type renew func(context.Context, time.Duration) (term, error)

func ignoreLoss(error) {}

func keep(ctx context.Context, clock clock, granted term, renew renew, onLoss func(error)) *keeper {
	k := &keeper{watch: newWatch(ctx), clock: clock, renew: renew, onLoss: onLoss}
	k.done, k.finish = context.WithCancel(detached{ctx})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.accept(granted)
	return k
}

// keepRenewed is for what was granted by a request that may have waited: when the wait ended is
// unknown, so its term is counted from a request without one.
func keepRenewed(ctx context.Context, clock clock, granted term, renew renew) (*keeper, error) {
	if time.Since(granted.askedAt) > granted.expiresIn/3 {
		var err error
		if granted, err = renew(ctx, 0); err != nil {
			return nil, err
		}
	}
	return keep(ctx, clock, granted, renew, ignoreLoss), nil
}

// err reads the clock: after the process was stopped, timers fire late.
func (k *keeper) err() error {
	if k.left() <= 0 {
		k.lose("no renewal in time", nil)
	}
	return k.lost()
}

func (k *keeper) left() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.certainUntil.Sub(k.clock.Now())
}

func (k *keeper) lose(why string, err error) {
	k.watch.lose(why, err)
	k.end()
	k.onLoss(k.lost())
}

func (k *keeper) end() {
	k.watch.end()
	k.finish()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.renewal != nil {
		k.renewal.Stop()
	}
	k.deadline.Stop()
}

// accept needs the mutex. Of a lease, a tenth is left for the work to stop in.
func (k *keeper) accept(granted term) {
	if k.deadline != nil {
		k.deadline.Stop()
	}
	now := k.clock.Now()
	k.certainUntil = granted.askedAt.Add(granted.expiresIn / 10 * 9)
	k.deadline = k.clock.AfterFunc(k.certainUntil.Sub(now), k.whileKept(func() { _ = k.err() }))
	if k.renew != nil {
		k.renewAfter(granted.askedAt.Add(granted.expiresIn / 3).Sub(now))
	}
	if granted.revoke != "" {
		k.giveWay(granted.revoke)
	}
}

func (k *keeper) renewAfter(pause time.Duration) {
	k.renewal = k.clock.AfterFunc(pause, k.whileKept(k.renewOnce))
}

func (k *keeper) whileKept(f func()) func() {
	return func() {
		if k.done.Err() == nil {
			f()
		}
	}
}

func (k *keeper) renewOnce() {
	if k.err() != nil {
		return
	}
	// One that gets no answer leaves time for another, which may find another instance.
	timeout := k.left() / 2
	renewed, err := k.renew(k.done, timeout)
	if k.done.Err() == nil && isEnd(err) {
		k.lose("it has ended", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.done.Err() != nil:
	case err == nil:
		k.accept(renewed)
	default:
		// Asked again soon; the deadline ends the tries.
		k.renewAfter(timeout/5 + 10*time.Millisecond)
	}
}

func isEnd(err error) bool {
	var lost *LeaseLostError
	return errors.As(err, &lost) || isOneOf(err, CodeLeaseExpired, CodeLeaseRevoked, CodeLeaseReleased, CodeLeaseLost, CodeNotOwner, CodeSessionEnded)
}

// guard watches over work.
type guard interface {
	context() context.Context
	// err returns the loss, if there is one. It reads the clock.
	err() error
	// stopped returns why the work is stopped, if it is.
	stopped() error
	end()
}

// under runs work, and releases its lease also when the work fails or panics. It ends with the loss,
// if the lease was lost before the work ended.
func under(g guard, release func(context.Context) error, work func(context.Context) error) error {
	defer func() {
		isLost := g.err() != nil
		g.end()
		if !isLost {
			// A lease that cannot be released ends by itself.
			_ = release(detached{g.context()})
		}
	}()
	err := work(g.context())
	if loss := g.err(); loss != nil {
		return lossOf(loss, err)
	}
	if stopped := g.stopped(); stopped != nil && errors.Is(err, context.Canceled) {
		return stopped
	}
	return err
}

// lossOf the work that returned an error. Who handles an error of the work must not act as the holder.
func lossOf(loss, err error) error {
	var lost *LeaseLostError
	if err == nil || errors.Is(err, loss) || errors.Is(err, context.Canceled) || !errors.As(loss, &lost) {
		return loss
	}
	return &LeaseLostError{Why: lost.Why, Err: lost.Err, Work: err}
}
