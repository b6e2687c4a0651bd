//go:build go1.20

package lockstep

import "context"

func withCause(parent context.Context) (context.Context, func(error)) {
	return context.WithCancelCause(parent)
}

func causeOf(ctx context.Context) error { return context.Cause(ctx) }
