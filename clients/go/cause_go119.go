//go:build !go1.20

package lockstep

import "context"

// A context of Go 1.19 has no cause: Lease.Cause and Session.Cause return it.
func withCause(parent context.Context) (context.Context, func(error)) {
	ctx, cancel := context.WithCancel(parent)
	return ctx, func(error) { cancel() }
}

func causeOf(ctx context.Context) error { return ctx.Err() }
