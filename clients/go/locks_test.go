package lockstep

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func revoke(t *testing.T, client *Client, name string, body map[string]any) {
	t.Helper()
	body["reason"] = "maintenance"
	request := lockOf(name)
	request.Body = body
	must[any](t)(call[any](ctx, client, OpRevokeLock, request))
}

var brief = LeaseOptions{TTL: 9 * time.Second}

// forced ends the lease. It is made for each call, which adds to it.
func forced() map[string]any { return map[string]any{"force": true} }

// Behaviour 12.
func TestRunsTheWorkUnderALockAndReleasesIt(t *testing.T) {
	client := connect(t)
	ok(t, client.Locks.Do(ctx, "plain", LeaseOptions{Owner: "me"}, func(ctx context.Context, lease *Lease) error {
		seen := look(t, client, "plain")
		check(t, seen.State == "held" && seen.Holders[0].Fence == lease.Fence && seen.Holders[0].Owner == "me", "it is held", seen)
		return lease.Err()
	}))
	seen := look(t, client, "plain")
	check(t, seen.State == "free" && seen.LastEnd.How == "released", "it is released", seen)
}

// Behaviour 12.
func TestReleasesTheLockWhenTheWorkFailsOrPanics(t *testing.T) {
	client := connect(t)
	failure := errors.New("the work failed")
	err := client.Locks.Do(ctx, "failing", brief, func(context.Context, *Lease) error { return failure })
	check(t, err == failure && look(t, client, "failing").State == "free", "it is free", err)
	func() {
		defer func() { check(t, recover() == failure, "the panic goes on") }()
		_ = client.Locks.Do(ctx, "failing", brief, func(context.Context, *Lease) error { panic(failure) })
	}()
	check(t, look(t, client, "failing").State == "free", "it is free")
}

func TestKeepsTheLockBeyondItsTermAndAfterTheCallerHasStopped(t *testing.T) {
	client := connect(t)
	ctx, stop := context.WithCancel(ctx)
	err := client.Locks.Do(ctx, "kept", brief, func(ctx context.Context, lease *Lease) error {
		stop()
		<-ctx.Done()
		until(t, "it is renewed", func() bool {
			holder := look(t, client, "kept").Holders[0]
			return holder.HeldMs+holder.ExpiresInMs > 10_000
		})
		return lease.Err()
	})
	ok(t, err)
	check(t, look(t, client, "kept").LastEnd.How == "released", "it is released")
}

// Behaviour 9.
func TestStopsTheWorkWhenAnOperatorEndsTheLease(t *testing.T) {
	client := connect(t)
	err := client.Locks.Do(ctx, "revoked", brief, func(ctx context.Context, lease *Lease) error {
		revoke(t, client, "revoked", forced())
		<-ctx.Done()
		check(t, isLost(lease.Cause()) && (isLost(causeOf(ctx)) || causeOf(ctx) == context.Canceled), "it is the cause", causeOf(ctx))
		return errors.New("the work stopped")
	})
	check(t, isLost(err) && errors.Is(err, CodeLeaseRevoked), "it is lost", err)
	problem, is := CodeLeaseRevoked.Of(err)
	check(t, is && *problem.Reason == "maintenance", "it has the reason", problem)
}

// Behaviour 10.
func TestSaysThatAnOperatorAsksForTheLockAndKeepsItUntilTheWorkEnds(t *testing.T) {
	client := connect(t)
	err := client.Locks.Do(ctx, "asked", brief, func(ctx context.Context, lease *Lease) error {
		revoke(t, client, "asked", map[string]any{})
		<-ctx.Done()
		check(t, look(t, client, "asked").Holders[0].Fence == lease.Fence, "it is held")
		ok(t, lease.Err())
		return ctx.Err()
	})
	var asked *RevokeRequestedError
	check(t, errors.As(err, &asked) && asked.Reason == "maintenance", "it is asked for", err)
	check(t, look(t, client, "asked").LastEnd.How == "released", "it is released")
}

// Behaviour 11: the process of this test holds a lock until it reads a line, and then asks whether
// it still does.
func TestNoticesAfterAStopOfTheProcess(t *testing.T) {
	client := connect(t)
	holder := exec.Command(os.Args[0], "-test.run=^TestHoldsALock$")
	holder.Env = append(os.Environ(), "LOCKSTEP_HOLDS_IN="+client.options.Namespace)
	input, err := holder.StdinPipe()
	ok(t, err)
	output, err := holder.StdoutPipe()
	ok(t, err)
	ok(t, holder.Start())
	defer func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	}()
	lines := bufio.NewReader(output)
	line, err := lines.ReadString('\n')
	check(t, line == "held\n", "it holds the lock", line, err)
	ok(t, holder.Process.Signal(syscall.SIGSTOP))
	until(t, "the lease has ended", func() bool { return look(t, client, "stopped").State == "free" })
	_, err = input.Write([]byte("go on\n"))
	ok(t, err)
	ok(t, holder.Process.Signal(syscall.SIGCONT))
	line, err = lines.ReadString('\n')
	check(t, line == "lost true\n", "it notices", line, err)
}

func TestHoldsALock(t *testing.T) {
	namespace := os.Getenv("LOCKSTEP_HOLDS_IN")
	if namespace == "" {
		t.Skip("a process of another test")
	}
	client := another(t, Options{Namespace: namespace})
	_ = client.Locks.Do(ctx, "stopped", LeaseOptions{TTL: 6 * time.Second}, func(_ context.Context, lease *Lease) error {
		fmt.Println("held")
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Println("lost", isLost(lease.Err()))
		return err
	})
}

func TestWaitsInTheQueueForTheLock(t *testing.T) {
	client := connect(t)
	var order []string
	second := make(chan error)
	ok(t, client.Locks.Do(ctx, "queued", LeaseOptions{}, func(context.Context, *Lease) error {
		go func() {
			second <- client.Locks.Do(ctx, "queued", LeaseOptions{Wait: patience}, func(context.Context, *Lease) error {
				order = append(order, "second")
				return nil
			})
		}()
		until(t, "it waits", func() bool { return look(t, client, "queued").QueueLength == 1 })
		order = append(order, "first")
		return nil
	}))
	ok(t, <-second)
	check(t, strings.Join(order, " ") == "first second", "they follow each other", order)
}

func TestRefusesAtOnceWithoutAWait(t *testing.T) {
	client := connect(t)
	lease := must[*Lease](t)(client.Locks.Acquire(ctx, "taken", LeaseOptions{}))
	err := client.Locks.Do(ctx, "taken", LeaseOptions{}, func(context.Context, *Lease) error { return nil })
	check(t, errors.Is(err, CodeLockHeld), "it is held", err)
	check(t, lease.Err() == nil && lease.Cause() == nil, "its caller keeps it", lease)
	expiresIn := must[time.Duration](t)(client.Locks.Renew(ctx, "taken", lease.Token, time.Minute))
	check(t, expiresIn > 30*time.Second, "it is renewed", expiresIn)
	ok(t, client.Locks.Release(ctx, "taken", lease.Token))
	check(t, look(t, client, "taken").State == "free", "it is free")
}

// Behaviour 13.
func TestReleasesALockThatWasGrantedAfterTheCallerHadGivenUp(t *testing.T) {
	client, direct, proxy := throughFaults(t)
	proxy.set(dropsReplies)
	ctx, stop := context.WithCancel(ctx)
	acquired := make(chan error)
	go func() {
		_, err := client.Locks.Acquire(ctx, "given-up", LeaseOptions{TTL: 10 * time.Minute})
		acquired <- err
	}()
	until(t, "it is granted", func() bool { return look(t, direct, "given-up").State == "held" })
	stop()
	err := <-acquired
	check(t, errors.Is(err, context.Canceled), "it was given up", err)
	proxy.set(forwards)
	until(t, "it is released", func() bool { return look(t, direct, "given-up").State == "free" })
}

// Behaviour 23.
func TestReleasesALockThatMayBeGrantedWhateverTheLastAnswerIs(t *testing.T) {
	for _, code := range []error{CodeOutcomeUnknown, CodeDraining} {
		code := code
		t.Run(code.Error(), func(t *testing.T) {
			var calls atomic.Int32
			client, direct := through(t, func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				answer, err := send()
				if calls.Add(1) == 1 {
					return refusal(503, code), err
				}
				return answer, err
			})
			_, err := client.Locks.Acquire(ctx, "last", LeaseOptions{TTL: 10 * time.Minute})
			check(t, errors.Is(err, code), "it is refused", err)
			until(t, "it is released", func() bool { return look(t, direct, "last").LastEnd.How == "released" })
		})
	}
}

// Behaviour 23.
func TestLeavesALockToACallerThatMayRepeatUnderItsOwnKey(t *testing.T) {
	var calls atomic.Int32
	client, direct := through(t, func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		calls.Add(1)
		_, err := send()
		return refusal(503, CodeOutcomeUnknown), err
	})
	options := LeaseOptions{TTL: 10 * time.Minute, IdempotencyKey: newKey()}
	_, err := client.Locks.Acquire(ctx, "own-key", options)
	check(t, errors.Is(err, CodeOutcomeUnknown), "it is refused", err)
	lease := must[*Lease](t)(direct.Locks.Acquire(ctx, "own-key", options))
	check(t, look(t, direct, "own-key").Holders[0].Fence == lease.Fence && calls.Load() == 1, "it is the same lease", calls.Load())
}

// Behaviour 24.
func TestReleasesALockWhoseFirstRenewalIsRefused(t *testing.T) {
	client, direct := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "/renew") {
			return refusal(403, CodeForbidden), nil
		}
		return send()
	})
	holder := must[*Lease](t)(direct.Locks.Acquire(ctx, "waited", LeaseOptions{TTL: 10 * time.Minute}))
	ended := make(chan error)
	began := time.Now()
	go func() {
		ended <- client.Locks.Do(ctx, "waited", LeaseOptions{TTL: 9 * time.Second, Wait: patience}, func(context.Context, *Lease) error {
			return errNotAsked
		})
	}()
	until(t, "it waits", func() bool { return look(t, direct, "waited").QueueLength == 1 })
	until(t, "the term is too old to be sure of", func() bool { return time.Since(began) > 4500*time.Millisecond })
	ok(t, direct.Locks.Release(ctx, "waited", holder.Token))
	err := <-ended
	seen := look(t, direct, "waited")
	check(t, errors.Is(err, CodeForbidden) && seen.State == "free" && seen.LastEnd.How == "released", "it is released", err, seen)
}

func TestRunsWorkUnderSharedLocksPermitsAndSets(t *testing.T) {
	client := connect(t)
	shared := LeaseOptions{Mode: "shared"}
	ok(t, client.Locks.Do(ctx, "rw", shared, func(ctx context.Context, _ *Lease) error {
		return client.Locks.Do(ctx, "rw", shared, func(context.Context, *Lease) error {
			check(t, len(look(t, client, "rw").Holders) == 2, "both hold it")
			return nil
		})
	}))
	ok(t, client.Semaphores.Do(ctx, "pool", LeaseOptions{Permits: 2, Capacity: 3}, func(context.Context, *Lease) error {
		pool := must[struct{ Used int }](t)(call[struct{ Used int }](ctx, client, OpGetSemaphore, lockOf("pool")))
		check(t, pool.Used == 2, "two are used", pool)
		return nil
	}))
	set := []string{"set-1", "set-2"}
	ok(t, client.LockSets.Do(ctx, set, LeaseOptions{}, func(_ context.Context, lease *Lease) error {
		check(t, look(t, client, "set-2").Holders[0].Fence == lease.Fences["set-2"], "it is held")
		return nil
	}))
	for _, name := range append(set, "rw") {
		check(t, look(t, client, name).State == "free", "it is free", name)
	}
}

// Behaviour 14.
func TestALostLeaseOfASessionStopsItsWorkAlone(t *testing.T) {
	client := connect(t)
	ok(t, client.Sessions.Do(ctx, SessionOptions{TTL: 9 * time.Second}, func(ctx context.Context, session *Session) error {
		with := LeaseOptions{Session: session}
		return client.Locks.Do(ctx, "shard-1", with, func(_ context.Context, unharmed *Lease) error {
			err := client.Locks.Do(ctx, "shard-2", with, func(ctx context.Context, _ *Lease) error {
				revoke(t, client, "shard-2", forced())
				<-ctx.Done()
				return nil
			})
			check(t, isLost(err), "its work is stopped", err)
			return unharmed.Err()
		})
	}))
	check(t, look(t, client, "shard-1").State == "free", "it is free")
}

// Behaviour 14.
func TestALostSessionStopsAllWork(t *testing.T) {
	client := connect(t)
	session := must[*Session](t)(client.Sessions.Open(ctx, SessionOptions{TTL: 9 * time.Second}))
	err := client.Locks.Do(ctx, "of-session", LeaseOptions{Session: session}, func(ctx context.Context, _ *Lease) error {
		request := Request{Path: map[string]string{"id": session.ID}}
		must[any](t)(call[any](ctx, client, OpDeleteSession, request))
		<-ctx.Done()
		return nil
	})
	check(t, isLost(err) && errors.Is(err, CodeSessionEnded), "its work is stopped", err)
	check(t, session.Context().Err() != nil && isLost(session.Err()) && isLost(session.End(ctx)), "it is lost")
	err = client.Sessions.Do(ctx, SessionOptions{}, func(ctx context.Context, open *Session) error {
		ok(t, open.Err())
		return client.LockSets.Do(ctx, []string{"a"}, LeaseOptions{Session: session}, func(context.Context, *Lease) error { return nil })
	})
	check(t, errors.Is(err, CodeSessionEnded), "it takes no leases", err)
}

// Behaviour 26.
func TestStopsTheWorkUnderASessionThatItsProcessEnds(t *testing.T) {
	client := connect(t)
	session := must[*Session](t)(client.Sessions.Open(ctx, SessionOptions{TTL: time.Minute}))
	err := client.Locks.Do(ctx, "own-end", LeaseOptions{Session: session}, func(ctx context.Context, lease *Lease) error {
		ok(t, session.End(ctx))
		check(t, ctx.Err() != nil && isLost(lease.Err()), "its work is stopped")
		return nil
	})
	check(t, isLost(err) && look(t, client, "own-end").State == "free", "it is free", err)
}

// Behaviour 27.
func TestStopsAllWorkOfASessionThatSharesAReentrantLease(t *testing.T) {
	client := connect(t)
	ok(t, client.Sessions.Do(ctx, SessionOptions{TTL: 9 * time.Second}, func(ctx context.Context, session *Session) error {
		reentrant := LeaseOptions{Session: session, Owner: "me", Reentrant: true}
		err := client.Locks.Do(ctx, "shared", reentrant, func(ctx context.Context, _ *Lease) error {
			ok(t, client.Locks.Do(ctx, "shared", reentrant, func(context.Context, *Lease) error { return nil }))
			revoke(t, client, "shared", forced())
			<-ctx.Done()
			return nil
		})
		check(t, isLost(err), "it is lost", err)
		return nil
	}))
}

// Behaviour 26.
func TestStopsTheWorkUnderALeaseThatIsGrantedWhileItsSessionEnds(t *testing.T) {
	granted, isEnded := make(chan bool), make(chan bool)
	client, _ := through(t, func(request *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		answer, err := send()
		if strings.HasSuffix(request.URL.Path, "/acquire") {
			close(granted)
			<-isEnded
		}
		return answer, err
	})
	session := must[*Session](t)(client.Sessions.Open(ctx, SessionOptions{TTL: time.Minute}))
	ended := make(chan error)
	go func() {
		ended <- client.Locks.Do(ctx, "too-late", LeaseOptions{Session: session}, func(ctx context.Context, lease *Lease) error {
			check(t, ctx.Err() != nil && isLost(lease.Err()), "its work is stopped")
			return nil
		})
	}()
	<-granted
	ok(t, session.End(ctx))
	close(isEnded)
	err := <-ended
	check(t, isLost(err), "it is lost", err)
}

// Behaviour 33.
func TestTheLossHasTheErrorOfTheWork(t *testing.T) {
	client := connect(t)
	failure := &NoAnswerError{Call: "of the work", Err: errors.New("failed")}
	err := client.Locks.Do(ctx, "failed", brief, func(ctx context.Context, _ *Lease) error {
		revoke(t, client, "failed", forced())
		<-ctx.Done()
		return failure
	})
	var silent *NoAnswerError
	check(t, isLost(err) && errors.Is(err, failure) && errors.Is(err, CodeLeaseRevoked) && errors.As(err, &silent), "it has all", err)
	check(t, strings.Contains(err.Error(), "failed"), "it says so", err)
	err = client.Locks.Do(ctx, "failed", brief, func(ctx context.Context, _ *Lease) error {
		revoke(t, client, "failed", forced())
		<-ctx.Done()
		return ctx.Err()
	})
	check(t, isLost(err) && !errors.Is(err, context.Canceled), "the stop is no failure", err)
}
