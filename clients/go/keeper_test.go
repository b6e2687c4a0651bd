package lockstep

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"
)

// drivenClock fires its timers in order, in the goroutine that advances it.
type drivenClock struct {
	now    time.Time
	timers []*drivenTimer
}

type drivenTimer struct {
	at      time.Time
	fire    func()
	stopped bool
}

func (t *drivenTimer) Stop() bool {
	t.stopped = true
	return true
}

func (c *drivenClock) Now() time.Time { return c.now }

func (c *drivenClock) AfterFunc(after time.Duration, fire func()) timer {
	one := &drivenTimer{at: c.now.Add(after), fire: fire}
	c.timers = append(c.timers, one)
	return one
}

func (c *drivenClock) advance(by time.Duration) {
	end := c.now.Add(by)
	for {
		var next *drivenTimer
		for _, one := range c.timers {
			if !one.stopped && !one.at.After(end) && (next == nil || one.at.Before(next.at)) {
				next = one
			}
		}
		if next == nil {
			break
		}
		next.stopped = true
		if next.at.After(c.now) {
			c.now = next.at
		}
		next.fire()
	}
	if end.After(c.now) {
		c.now = end
	}
}

// keepNine keeps a lease of 9 s that was asked for now.
func keepNine(clock *drivenClock, renew renew) *keeper {
	return keep(ctx, clock, term{askedAt: clock.now, expiresIn: 9 * time.Second}, renew, ignoreLoss)
}

func startClock() *drivenClock { return &drivenClock{now: time.Now()} }

func isLost(err error) bool {
	var lost *LeaseLostError
	return errors.As(err, &lost)
}

// Behaviour 7.
func TestRenewsAtAThirdOfTheTermCountedFromBeforeTheRequest(t *testing.T) {
	clock := startClock()
	began := clock.now
	var times []time.Duration
	keeper := keepNine(clock, func(context.Context, time.Duration) (term, error) {
		askedAt := clock.now
		times = append(times, askedAt.Sub(began))
		clock.advance(500 * time.Millisecond)
		return term{askedAt: askedAt, expiresIn: 9 * time.Second}, nil
	})
	clock.advance(6100 * time.Millisecond)
	keeper.end()
	clock.advance(time.Minute)
	check(t, reflect.DeepEqual(times, []time.Duration{3 * time.Second, 6 * time.Second}), "it is renewed twice", times)
}

// Behaviour 8.
func TestStopsTheWorkBeforeTheLeaseCanEnd(t *testing.T) {
	clock := startClock()
	tries := 0
	keeper := keepNine(clock, func(context.Context, time.Duration) (term, error) {
		tries++
		return term{}, &NoAnswerError{}
	})
	clock.advance(8099 * time.Millisecond)
	ok(t, keeper.context().Err())
	ok(t, keeper.err())
	clock.advance(time.Millisecond)
	check(t, keeper.context().Err() != nil && isLost(keeper.err()) && isLost(keeper.stopped()), "it is stopped", keeper.err())
	check(t, tries > 3, "it was asked for again", tries)
}

// Behaviour 25.
func TestGivesARenewalHalfOfTheTimeThatIsLeft(t *testing.T) {
	clock := startClock()
	var given []time.Duration
	keeper := keepNine(clock, func(_ context.Context, timeout time.Duration) (term, error) {
		given = append(given, timeout.Round(10*time.Millisecond))
		clock.advance(timeout)
		return term{}, &NoAnswerError{}
	})
	clock.advance(3 * time.Second)
	clock.advance(600 * time.Millisecond)
	check(t, reflect.DeepEqual(given[:2], []time.Duration{2550 * time.Millisecond, 1020 * time.Millisecond}), "half of what is left", given)
	keeper.end()
}

func TestDropsARenewalThatIsAnsweredAfterTheLoss(t *testing.T) {
	clock := startClock()
	tries := 0
	keeper := keepNine(clock, func(context.Context, time.Duration) (term, error) {
		tries++
		clock.advance(time.Minute)
		return term{askedAt: clock.now, expiresIn: time.Hour}, nil
	})
	clock.advance(3 * time.Second)
	for _, one := range clock.timers {
		check(t, one.stopped, "no timer is left")
	}
	check(t, isLost(keeper.lost()) && isLost(keeper.err()) && tries == 1, "it stays lost", tries)
}

// Behaviour 11, with a clock that jumps before any timer fires.
func TestReadsTheClockWhenItIsAsked(t *testing.T) {
	clock := startClock()
	keeper := keepNine(clock, nil)
	clock.now = clock.now.Add(8100 * time.Millisecond)
	check(t, keeper.lost() == nil && isLost(keeper.err()), "it is lost when asked")
}

func TestRenewsFirstWhatWasGrantedAfterAWait(t *testing.T) {
	old := term{askedAt: time.Now().Add(-time.Minute), expiresIn: 30 * time.Second}
	kept, err := keepRenewed(ctx, systemClock{}, old, func(context.Context, time.Duration) (term, error) {
		return term{askedAt: time.Now(), expiresIn: time.Hour}, nil
	})
	ok(t, err)
	ok(t, kept.err())
	kept.end()
}
