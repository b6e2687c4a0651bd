package lockstep

import (
	"context"
	"sync"
	"time"
)

// Sessions open.
type Sessions struct{ client *Client }

// SessionOptions of a session. Zero means the default of the service.
type SessionOptions struct {
	TTL      time.Duration
	Metadata map[string]any
	// Prefix of the names that the session may hold on a Redis Cluster.
	Prefix string
}

// Session is one heartbeat for many leases, sent in the background until its end.
type Session struct {
	ID string
	// Token is its secret.
	Token string

	client *Client
	keeper *keeper

	mu      sync.Mutex
	watches map[*sessionWatch]bool
	// over is why all of its leases are lost, also those that are granted now and watched later.
	over error
}

// Open opens a session, which is kept alive until its End, also when the context is cancelled.
func (s *Sessions) Open(ctx context.Context, options SessionOptions) (*Session, error) {
	return s.open(ctx, detached{ctx}, options)
}

// Do runs the work with a session, which ends with it. The context of the work is cancelled when the
// session is lost. Of a session that was lost it returns a LeaseLostError, once the work has returned.
func (s *Sessions) Do(ctx context.Context, options SessionOptions, work func(context.Context, *Session) error) error {
	session, err := s.open(ctx, ctx, options)
	if err != nil {
		return err
	}
	return under(session.keeper, session.end, func(ctx context.Context) error { return work(ctx, session) })
}

func (s *Sessions) open(ctx, kept context.Context, options SessionOptions) (*Session, error) {
	body := map[string]any{}
	if options.TTL > 0 {
		body["ttlMs"] = ms(options.TTL)
	}
	if options.Metadata != nil {
		body["metadata"] = options.Metadata
	}
	if options.Prefix != "" {
		body["prefix"] = options.Prefix
	}
	response, err := s.client.Do(ctx, OpOpenSession, Request{Body: body})
	if err != nil {
		return nil, err
	}
	var opened struct {
		ID, Token   string
		ExpiresInMs ms
	}
	if err := response.decode(&opened); err != nil {
		return nil, err
	}
	session := &Session{ID: opened.ID, Token: opened.Token, client: s.client, watches: map[*sessionWatch]bool{}}
	granted := term{askedAt: response.askedAt, expiresIn: time.Duration(opened.ExpiresInMs)}
	session.keeper = keep(kept, s.client.clock, granted, session.keepAlive, session.loseAll)
	return session, nil
}

// Context is cancelled when the session is lost, and before it can end.
func (s *Session) Context() context.Context { return s.keeper.context() }

// Err returns a LeaseLostError when the session is lost, or may be. It reads the clock.
func (s *Session) Err() error { return s.keeper.err() }

// End stops the work under the leases of the session, and ends them. It returns a LeaseLostError if the session was lost before.
func (s *Session) End(ctx context.Context) error {
	return under(s.keeper, s.end, func(context.Context) error { return nil })
}

func (s *Session) end(ctx context.Context) error {
	s.loseAll(&LeaseLostError{Why: "the session was ended"})
	body := map[string]any{"token": s.Token}
	_, err := s.client.Do(ctx, OpEndSession, Request{Body: body, Timeout: undoTimeout})
	return err
}

func (s *Session) keepAlive(ctx context.Context, timeout time.Duration) (term, error) {
	body := map[string]any{"token": s.Token}
	response, err := s.client.Do(ctx, OpKeepSession, Request{Body: body, Timeout: timeout})
	if err != nil {
		return term{}, err
	}
	var kept struct {
		ExpiresInMs ms
		Ended       []struct {
			Name  string
			Fence int64
			How   string
		}
		Revoke []struct {
			Name   string
			Fence  int64
			Reason string
		}
	}
	if err := response.decode(&kept); err != nil {
		return term{}, err
	}
	for _, ended := range kept.Ended {
		for _, watch := range s.watchesOf(ended.Name, ended.Fence) {
			watch.lose(ended.How, nil)
		}
	}
	for _, asked := range kept.Revoke {
		for _, watch := range s.watchesOf(asked.Name, asked.Fence) {
			watch.giveWay(asked.Reason)
		}
	}
	return term{askedAt: response.askedAt, expiresIn: time.Duration(kept.ExpiresInMs)}, nil
}

// watchesOf are those over a lease: several, if it is reentrant. No name means all leases.
func (s *Session) watchesOf(name string, fence int64) []*sessionWatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*sessionWatch
	for watch := range s.watches {
		if name == "" || watch.fences[name] == fence {
			found = append(found, watch)
		}
	}
	return found
}

func (s *Session) loseAll(loss error) {
	s.mu.Lock()
	s.over = loss
	s.mu.Unlock()
	for _, watch := range s.watchesOf("", 0) {
		watch.lose("the session", loss)
	}
}

// sessionWatch stops the work under one lease of a session.
type sessionWatch struct {
	*watch
	session *Session
	fences  map[string]int64
}

func (s *Session) watchOver(ctx context.Context, fences map[string]int64) guard {
	w := &sessionWatch{newWatch(ctx), s, fences}
	s.mu.Lock()
	s.watches[w] = true
	over := s.over
	s.mu.Unlock()
	if over != nil {
		w.lose("the session", over)
	}
	return w
}

func (w *sessionWatch) err() error {
	// A session that is lost by the clock stops all of its work.
	_ = w.session.Err()
	return w.lost()
}

func (w *sessionWatch) end() {
	w.watch.end()
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	delete(w.session.watches, w)
}
