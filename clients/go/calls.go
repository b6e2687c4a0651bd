// Code generated from openapi.yaml by npm run openapi; DO NOT EDIT.

package lockstep

import (
	"context"

	"lockstep.example/lockstep/api"
)

// AcquireConcurrencyLease is POST /v1/ratelimits/{policy}/leases/acquire: acquire a lease of a concurrency policy.
func (c Calls) AcquireConcurrencyLease(ctx context.Context, policy string, query api.AcquireConcurrencyLeaseQuery, body api.AcquireConcurrencyLeaseRequest, options ...CallOptions) (api.ConcurrencyLeaseDecision, error) {
	return askFor[api.ConcurrencyLeaseDecision](ctx, c.client, OpAcquireConcurrencyLease, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query), Body: body}, options)
}

// AcquireLock is POST /v1/locks/{name}/acquire: acquire a lock.
func (c Calls) AcquireLock(ctx context.Context, name string, body api.AcquireLockRequest, options ...CallOptions) (api.Lease, error) {
	return askFor[api.Lease](ctx, c.client, OpAcquireLock, Request{Path: map[string]string{"name": name}, Body: body, Wait: msOf(body.WaitMs)}, options)
}

// AcquireLockSet is POST /v1/lock-sets/acquire: acquire several locks, all or nothing.
func (c Calls) AcquireLockSet(ctx context.Context, body api.AcquireLockSetRequest, options ...CallOptions) (api.LockSetLease, error) {
	return askFor[api.LockSetLease](ctx, c.client, OpAcquireLockSet, Request{Body: body, Wait: msOf(body.WaitMs)}, options)
}

// AcquirePermits is POST /v1/semaphores/{name}/acquire: acquire permits of a semaphore.
func (c Calls) AcquirePermits(ctx context.Context, name string, body api.AcquirePermitsRequest, options ...CallOptions) (api.PermitLease, error) {
	return askFor[api.PermitLease](ctx, c.client, OpAcquirePermits, Request{Path: map[string]string{"name": name}, Body: body, Wait: msOf(body.WaitMs)}, options)
}

// AppendToStream is POST /v1/streams/{stream}/entries: append entries to a stream.
func (c Calls) AppendToStream(ctx context.Context, stream string, body api.AppendEntriesRequest, options ...CallOptions) (api.AppendedEntries, error) {
	return askFor[api.AppendedEntries](ctx, c.client, OpAppendToStream, Request{Path: map[string]string{"stream": stream}, Body: body}, options)
}

// AuthorizeVisitor is GET /v1/ratelimits/{policy}/authz: decide whether a proxy may let its visitor through.
func (c Calls) AuthorizeVisitor(ctx context.Context, policy string, query api.AuthorizeVisitorQuery, options ...CallOptions) error {
	return tell(ctx, c.client, OpAuthorizeVisitor, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query)}, options)
}

// AuthorizeVisitorByPolicies is GET /v1/ratelimits/authz: decide by several policies of one group.
func (c Calls) AuthorizeVisitorByPolicies(ctx context.Context, query api.AuthorizeVisitorByPoliciesQuery, options ...CallOptions) error {
	return tell(ctx, c.client, OpAuthorizeVisitorByPolicies, Request{Query: queryOf(query)}, options)
}

// BlockRateLimitSubject is POST /v1/ratelimits/{policy}/block: block a subject of a policy for a while.
func (c Calls) BlockRateLimitSubject(ctx context.Context, policy string, body api.BlockRateLimitSubjectRequest, options ...CallOptions) (api.RateLimitBlockChange, error) {
	return askFor[api.RateLimitBlockChange](ctx, c.client, OpBlockRateLimitSubject, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// CancelCacheLease is POST /v1/cache/{space}/{key}/lease/cancel: give up a load.
func (c Calls) CancelCacheLease(ctx context.Context, space string, key string, body api.CancelCacheLeaseRequest, options ...CallOptions) (api.CancelledCacheLease, error) {
	return askFor[api.CancelledCacheLease](ctx, c.client, OpCancelCacheLease, Request{Path: map[string]string{"space": space, "key": key}, Body: body}, options)
}

// CancelCacheWarming is POST /v1/cache-spaces/{space}/warmings/{id}/cancel: cancel a warming.
func (c Calls) CancelCacheWarming(ctx context.Context, space string, id string, options ...CallOptions) (api.CacheWarming, error) {
	return askFor[api.CacheWarming](ctx, c.client, OpCancelCacheWarming, Request{Path: map[string]string{"space": space, "id": id}}, options)
}

// CancelRateLimitReservation is POST /v1/ratelimits/{policy}/cancel: give back what a reservation consumed.
func (c Calls) CancelRateLimitReservation(ctx context.Context, policy string, body api.CancelReservationRequest, options ...CallOptions) (api.SettledReservation, error) {
	return askFor[api.SettledReservation](ctx, c.client, OpCancelRateLimitReservation, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// CheckRateLimit is POST /v1/ratelimits/{policy}/check: check one limit.
func (c Calls) CheckRateLimit(ctx context.Context, policy string, query api.CheckRateLimitQuery, body api.CheckRateLimitRequest, options ...CallOptions) (api.RateLimitDecision, error) {
	return askFor[api.RateLimitDecision](ctx, c.client, OpCheckRateLimit, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query), Body: body}, options)
}

// CheckRateLimits is POST /v1/ratelimits/check: check several limits at once, all or nothing.
func (c Calls) CheckRateLimits(ctx context.Context, query api.CheckRateLimitsQuery, body api.CheckRateLimitsRequest, options ...CallOptions) (api.RateLimitDecision, error) {
	return askFor[api.RateLimitDecision](ctx, c.client, OpCheckRateLimits, Request{Query: queryOf(query), Body: body}, options)
}

// CloseSeason is POST /v1/leaderboards/{board}/close: refuse submissions until the next season begins.
func (c Calls) CloseSeason(ctx context.Context, board string, options ...CallOptions) (api.SeasonClosure, error) {
	return askFor[api.SeasonClosure](ctx, c.client, OpCloseSeason, Request{Path: map[string]string{"board": board}}, options)
}

// CommitRateLimitReservation is POST /v1/ratelimits/{policy}/commit: replace a reserved cost by the actual one.
func (c Calls) CommitRateLimitReservation(ctx context.Context, policy string, body api.CommitReservationRequest, options ...CallOptions) (api.SettledReservation, error) {
	return askFor[api.SettledReservation](ctx, c.client, OpCommitRateLimitReservation, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// DeleteCacheEntry is DELETE /v1/cache/{space}/{key}: delete a value.
func (c Calls) DeleteCacheEntry(ctx context.Context, space string, key string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteCacheEntry, Request{Path: map[string]string{"space": space, "key": key}}, options)
}

// DeleteCacheSpace is DELETE /v1/cache-spaces/{space}: remove the settings of a space.
func (c Calls) DeleteCacheSpace(ctx context.Context, space string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteCacheSpace, Request{Path: map[string]string{"space": space}}, options)
}

// DeleteEntry is DELETE /v1/leaderboards/{board}/entries/{member}: delete the entry of a member in one season.
func (c Calls) DeleteEntry(ctx context.Context, board string, member string, query api.DeleteEntryQuery, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteEntry, Request{Path: map[string]string{"board": board, "member": member}, Query: queryOf(query)}, options)
}

// DeleteLeaderboard is DELETE /v1/leaderboards/{board}: delete a board with all its seasons.
func (c Calls) DeleteLeaderboard(ctx context.Context, board string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteLeaderboard, Request{Path: map[string]string{"board": board}}, options)
}

// DeleteManyCacheEntries is POST /v1/cache/{space}/delete-many: delete up to 1000 keys of a space.
func (c Calls) DeleteManyCacheEntries(ctx context.Context, space string, body api.DeleteManyRequest, options ...CallOptions) (api.DeleteManyResults, error) {
	return askFor[api.DeleteManyResults](ctx, c.client, OpDeleteManyCacheEntries, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// DeleteQueue is DELETE /v1/queues/{queue}: delete a queue with its settings and messages.
func (c Calls) DeleteQueue(ctx context.Context, queue string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteQueue, Request{Path: map[string]string{"queue": queue}}, options)
}

// DeleteRateLimitOverride is DELETE /v1/ratelimit-policies/{policy}/overrides/{key}: end the override of a subject.
func (c Calls) DeleteRateLimitOverride(ctx context.Context, policy string, key string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteRateLimitOverride, Request{Path: map[string]string{"policy": policy, "key": key}}, options)
}

// DeleteRateLimitPolicy is DELETE /v1/ratelimit-policies/{policy}: delete a policy with its overrides and blocks.
func (c Calls) DeleteRateLimitPolicy(ctx context.Context, policy string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteRateLimitPolicy, Request{Path: map[string]string{"policy": policy}}, options)
}

// DeleteSemaphore is DELETE /v1/semaphores/{name}: delete the capacity of a semaphore.
func (c Calls) DeleteSemaphore(ctx context.Context, name string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteSemaphore, Request{Path: map[string]string{"name": name}}, options)
}

// DeleteSession is DELETE /v1/sessions/{id}: end the session of another caller.
func (c Calls) DeleteSession(ctx context.Context, id string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteSession, Request{Path: map[string]string{"id": id}}, options)
}

// DeleteStream is DELETE /v1/streams/{stream}: delete a stream with its settings, entries and groups.
func (c Calls) DeleteStream(ctx context.Context, stream string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteStream, Request{Path: map[string]string{"stream": stream}}, options)
}

// DeleteStreamEntry is DELETE /v1/streams/{stream}/entries/{id}: delete an entry of a stream.
func (c Calls) DeleteStreamEntry(ctx context.Context, stream string, id string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteStreamEntry, Request{Path: map[string]string{"stream": stream, "id": id}}, options)
}

// DeleteStreamGroup is DELETE /v1/streams/{stream}/groups/{group}: delete a group of a stream.
func (c Calls) DeleteStreamGroup(ctx context.Context, stream string, group string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteStreamGroup, Request{Path: map[string]string{"stream": stream, "group": group}}, options)
}

// DeleteStreamReader is DELETE /v1/streams/{stream}/readers/{reader}: forget how far a reader has read.
func (c Calls) DeleteStreamReader(ctx context.Context, stream string, reader string, options ...CallOptions) error {
	return tell(ctx, c.client, OpDeleteStreamReader, Request{Path: map[string]string{"stream": stream, "reader": reader}}, options)
}

// DiscardCacheWrites is POST /v1/cache-spaces/{space}/outbox/discard: drop writes that the origin need not get.
func (c Calls) DiscardCacheWrites(ctx context.Context, space string, body api.CacheOutboxKeys, options ...CallOptions) (api.DiscardedCacheWrites, error) {
	return askFor[api.DiscardedCacheWrites](ctx, c.client, OpDiscardCacheWrites, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// DiscardDeadLetters is POST /v1/queues/{queue}/dead/discard: delete dead letters.
func (c Calls) DiscardDeadLetters(ctx context.Context, queue string, body api.DiscardDeadLettersRequest, options ...CallOptions) (api.DiscardedDeadLetters, error) {
	return askFor[api.DiscardedDeadLetters](ctx, c.client, OpDiscardDeadLetters, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// DowngradeLock is POST /v1/locks/{name}/downgrade: make an exclusive lease a shared one.
func (c Calls) DowngradeLock(ctx context.Context, name string, body api.DowngradeLockRequest, options ...CallOptions) (api.DowngradedLock, error) {
	return askFor[api.DowngradedLock](ctx, c.client, OpDowngradeLock, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// EndSession is POST /v1/sessions/end: end a session and release its leases.
func (c Calls) EndSession(ctx context.Context, body api.EndSessionRequest, options ...CallOptions) (api.EndedSession, error) {
	return askFor[api.EndedSession](ctx, c.client, OpEndSession, Request{Body: body}, options)
}

// EraseMember is POST /v1/members/{member}/erase: erase a member from all seasons of all boards.
func (c Calls) EraseMember(ctx context.Context, member string, body api.EraseMemberRequest, options ...CallOptions) (api.MemberErasure, error) {
	return askFor[api.MemberErasure](ctx, c.client, OpEraseMember, Request{Path: map[string]string{"member": member}, Body: body}, options)
}

// ExportLeaderboard is GET /v1/leaderboards/{board}/export: export all entries of a season, one JSON object a line.
func (c Calls) ExportLeaderboard(ctx context.Context, board string, query api.ExportLeaderboardQuery, options ...CallOptions) (*Response, error) {
	return get(ctx, c.client, OpExportLeaderboard, Request{Path: map[string]string{"board": board}, Query: queryOf(query)}, options)
}

// FlushCacheOutbox is POST /v1/cache-spaces/{space}/outbox/flush: send all writes now.
func (c Calls) FlushCacheOutbox(ctx context.Context, space string, options ...CallOptions) (api.DueCacheWrites, error) {
	return askFor[api.DueCacheWrites](ctx, c.client, OpFlushCacheOutbox, Request{Path: map[string]string{"space": space}}, options)
}

// GetCacheCounter is GET /v1/cache/{space}/{key}/counter: read a counter.
func (c Calls) GetCacheCounter(ctx context.Context, space string, key string, options ...CallOptions) (api.Counter, error) {
	return askFor[api.Counter](ctx, c.client, OpGetCacheCounter, Request{Path: map[string]string{"space": space, "key": key}}, options)
}

// GetCacheEntry is GET /v1/cache/{space}/{key}: read the bytes of a value.
func (c Calls) GetCacheEntry(ctx context.Context, space string, key string, query api.GetCacheEntryQuery, options ...CallOptions) (*Response, error) {
	return get(ctx, c.client, OpGetCacheEntry, Request{Path: map[string]string{"space": space, "key": key}, Query: queryOf(query), Wait: msOf(query.WaitMs)}, options)
}

// GetCacheEntryMeta is GET /v1/cache/{space}/{key}/meta: show the metadata of a value.
func (c Calls) GetCacheEntryMeta(ctx context.Context, space string, key string, options ...CallOptions) (api.CacheEntryMeta, error) {
	return askFor[api.CacheEntryMeta](ctx, c.client, OpGetCacheEntryMeta, Request{Path: map[string]string{"space": space, "key": key}}, options)
}

// GetCacheFields is GET /v1/cache/{space}/{key}/fields: read fields of an object.
func (c Calls) GetCacheFields(ctx context.Context, space string, key string, query api.GetCacheFieldsQuery, options ...CallOptions) (api.CacheFields, error) {
	return askFor[api.CacheFields](ctx, c.client, OpGetCacheFields, Request{Path: map[string]string{"space": space, "key": key}, Query: queryOf(query)}, options)
}

// GetCacheOutbox is GET /v1/cache-spaces/{space}/outbox: show how far the origin of a space is behind.
func (c Calls) GetCacheOutbox(ctx context.Context, space string, options ...CallOptions) (api.CacheOutbox, error) {
	return askFor[api.CacheOutbox](ctx, c.client, OpGetCacheOutbox, Request{Path: map[string]string{"space": space}}, options)
}

// GetCacheSpace is GET /v1/cache-spaces/{space}: show the settings and the use of a space.
func (c Calls) GetCacheSpace(ctx context.Context, space string, options ...CallOptions) (api.UsedCacheSpace, error) {
	return askFor[api.UsedCacheSpace](ctx, c.client, OpGetCacheSpace, Request{Path: map[string]string{"space": space}}, options)
}

// GetCacheWarming is GET /v1/cache-spaces/{space}/warmings/{id}: show how far a warming is.
func (c Calls) GetCacheWarming(ctx context.Context, space string, id string, options ...CallOptions) (api.CacheWarming, error) {
	return askFor[api.CacheWarming](ctx, c.client, OpGetCacheWarming, Request{Path: map[string]string{"space": space, "id": id}}, options)
}

// GetConcurrencyUsage is GET /v1/ratelimits/{policy}/leases: read what a subject has in flight.
func (c Calls) GetConcurrencyUsage(ctx context.Context, policy string, query api.GetConcurrencyUsageQuery, options ...CallOptions) (api.ConcurrencyUsage, error) {
	return askFor[api.ConcurrencyUsage](ctx, c.client, OpGetConcurrencyUsage, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query)}, options)
}

// GetEntry is GET /v1/leaderboards/{board}/entries/{member}: get the rank, percentile and tier of a member.
func (c Calls) GetEntry(ctx context.Context, board string, member string, query api.GetEntryQuery, options ...CallOptions) (api.MemberStanding, error) {
	return askFor[api.MemberStanding](ctx, c.client, OpGetEntry, Request{Path: map[string]string{"board": board, "member": member}, Query: queryOf(query)}, options)
}

// GetLeaderboard is GET /v1/leaderboards/{board}: get the settings and the current season of a board.
func (c Calls) GetLeaderboard(ctx context.Context, board string, options ...CallOptions) (api.Leaderboard, error) {
	return askFor[api.Leaderboard](ctx, c.client, OpGetLeaderboard, Request{Path: map[string]string{"board": board}}, options)
}

// GetLiveness is GET /livez: say whether the process answers.
func (c Calls) GetLiveness(ctx context.Context, options ...CallOptions) (api.ProbeOk, error) {
	return askFor[api.ProbeOk](ctx, c.client, OpGetLiveness, Request{}, options)
}

// GetLock is GET /v1/locks/{name}: get the state of a lock.
func (c Calls) GetLock(ctx context.Context, name string, options ...CallOptions) (api.Lock, error) {
	return askFor[api.Lock](ctx, c.client, OpGetLock, Request{Path: map[string]string{"name": name}}, options)
}

// GetManyCacheEntries is POST /v1/cache/{space}/get-many: read up to 1000 keys of a space.
func (c Calls) GetManyCacheEntries(ctx context.Context, space string, body api.GetManyRequest, options ...CallOptions) (api.GetManyResults, error) {
	return askFor[api.GetManyResults](ctx, c.client, OpGetManyCacheEntries, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// GetQueue is GET /v1/queues/{queue}: show the settings of a queue and what it holds.
func (c Calls) GetQueue(ctx context.Context, queue string, options ...CallOptions) (api.Queue, error) {
	return askFor[api.Queue](ctx, c.client, OpGetQueue, Request{Path: map[string]string{"queue": queue}}, options)
}

// GetRateLimitOverride is GET /v1/ratelimit-policies/{policy}/overrides/{key}: read the override of a subject.
func (c Calls) GetRateLimitOverride(ctx context.Context, policy string, key string, options ...CallOptions) (api.RateLimitOverride, error) {
	return askFor[api.RateLimitOverride](ctx, c.client, OpGetRateLimitOverride, Request{Path: map[string]string{"policy": policy, "key": key}}, options)
}

// GetRateLimitPolicy is GET /v1/ratelimit-policies/{policy}: read a policy.
func (c Calls) GetRateLimitPolicy(ctx context.Context, policy string, options ...CallOptions) (api.RateLimitPolicy, error) {
	return askFor[api.RateLimitPolicy](ctx, c.client, OpGetRateLimitPolicy, Request{Path: map[string]string{"policy": policy}}, options)
}

// GetReadiness is GET /readyz: say whether the instance should get requests.
func (c Calls) GetReadiness(ctx context.Context, options ...CallOptions) (api.ProbeOk, error) {
	return askFor[api.ProbeOk](ctx, c.client, OpGetReadiness, Request{}, options)
}

// GetSemaphore is GET /v1/semaphores/{name}: get the capacity and the state of a semaphore.
func (c Calls) GetSemaphore(ctx context.Context, name string, options ...CallOptions) (api.Semaphore, error) {
	return askFor[api.Semaphore](ctx, c.client, OpGetSemaphore, Request{Path: map[string]string{"name": name}}, options)
}

// GetSession is GET /v1/sessions/{id}: get a session and the names of its locks.
func (c Calls) GetSession(ctx context.Context, id string, options ...CallOptions) (api.Session, error) {
	return askFor[api.Session](ctx, c.client, OpGetSession, Request{Path: map[string]string{"id": id}}, options)
}

// GetStatus is GET /v1/status: show version, load, Redis and its safety settings.
func (c Calls) GetStatus(ctx context.Context, options ...CallOptions) (api.ServiceStatus, error) {
	return askFor[api.ServiceStatus](ctx, c.client, OpGetStatus, Request{}, options)
}

// GetStream is GET /v1/streams/{stream}: show the settings of a stream and what it holds.
func (c Calls) GetStream(ctx context.Context, stream string, options ...CallOptions) (api.Stream, error) {
	return askFor[api.Stream](ctx, c.client, OpGetStream, Request{Path: map[string]string{"stream": stream}}, options)
}

// GetStreamGroup is GET /v1/streams/{stream}/groups/{group}: show a group of a stream.
func (c Calls) GetStreamGroup(ctx context.Context, stream string, group string, options ...CallOptions) (api.StreamGroup, error) {
	return askFor[api.StreamGroup](ctx, c.client, OpGetStreamGroup, Request{Path: map[string]string{"stream": stream, "group": group}}, options)
}

// GetStreamReader is GET /v1/streams/{stream}/readers/{reader}: show how far a reader has read.
func (c Calls) GetStreamReader(ctx context.Context, stream string, reader string, options ...CallOptions) (api.StreamReader, error) {
	return askFor[api.StreamReader](ctx, c.client, OpGetStreamReader, Request{Path: map[string]string{"stream": stream, "reader": reader}}, options)
}

// HideMember is POST /v1/leaderboards/{board}/hide: remove a member from the ranks of every season.
func (c Calls) HideMember(ctx context.Context, board string, body api.HideMemberRequest, options ...CallOptions) (api.MemberVisibility, error) {
	return askFor[api.MemberVisibility](ctx, c.client, OpHideMember, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// IncrementCacheCounter is POST /v1/cache/{space}/{key}/incr: add to a counter.
func (c Calls) IncrementCacheCounter(ctx context.Context, space string, key string, body api.IncrementCounterRequest, options ...CallOptions) (api.CounterValue, error) {
	return askFor[api.CounterValue](ctx, c.client, OpIncrementCacheCounter, Request{Path: map[string]string{"space": space, "key": key}, Body: body}, options)
}

// InvalidateCache is POST /v1/cache/{space}/invalidate: invalidate keys, tags or a whole space.
func (c Calls) InvalidateCache(ctx context.Context, space string, body api.InvalidateCacheRequest, options ...CallOptions) error {
	return tell(ctx, c.client, OpInvalidateCache, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// KeepSession is POST /v1/sessions/keepalive: keep a session alive.
func (c Calls) KeepSession(ctx context.Context, body api.KeepSessionRequest, options ...CallOptions) (api.KeptSession, error) {
	return askFor[api.KeptSession](ctx, c.client, OpKeepSession, Request{Body: body}, options)
}

// ListCacheSpaces is GET /v1/cache-spaces: list the spaces that have settings.
func (c Calls) ListCacheSpaces(ctx context.Context, query api.ListCacheSpacesQuery, options ...CallOptions) (api.CacheSpaceList, error) {
	return askFor[api.CacheSpaceList](ctx, c.client, OpListCacheSpaces, Request{Query: queryOf(query)}, options)
}

// ListDeadEntries is GET /v1/streams/{stream}/groups/{group}/dead: show the dead list of a group.
func (c Calls) ListDeadEntries(ctx context.Context, stream string, group string, query api.ListDeadEntriesQuery, options ...CallOptions) (api.DeadStreamEntryList, error) {
	return askFor[api.DeadStreamEntryList](ctx, c.client, OpListDeadEntries, Request{Path: map[string]string{"stream": stream, "group": group}, Query: queryOf(query)}, options)
}

// ListEntries is GET /v1/leaderboards/{board}/entries: list entries by place, cursor or range of scores.
func (c Calls) ListEntries(ctx context.Context, board string, query api.ListEntriesQuery, options ...CallOptions) (api.LeaderboardEntryList, error) {
	return askFor[api.LeaderboardEntryList](ctx, c.client, OpListEntries, Request{Path: map[string]string{"board": board}, Query: queryOf(query)}, options)
}

// ListEntriesAround is GET /v1/leaderboards/{board}/entries/{member}/around: list a member and its neighbours.
func (c Calls) ListEntriesAround(ctx context.Context, board string, member string, query api.ListEntriesAroundQuery, options ...CallOptions) (api.NeighbourList, error) {
	return askFor[api.NeighbourList](ctx, c.client, OpListEntriesAround, Request{Path: map[string]string{"board": board, "member": member}, Query: queryOf(query)}, options)
}

// ListFailedCacheWrites is GET /v1/cache-spaces/{space}/outbox/failed: list the writes that wait for an operator.
func (c Calls) ListFailedCacheWrites(ctx context.Context, space string, query api.ListFailedCacheWritesQuery, options ...CallOptions) (api.FailedCacheWrites, error) {
	return askFor[api.FailedCacheWrites](ctx, c.client, OpListFailedCacheWrites, Request{Path: map[string]string{"space": space}, Query: queryOf(query)}, options)
}

// ListHotCacheKeys is GET /v1/cache-spaces/{space}/hot: list the keys that are read most.
func (c Calls) ListHotCacheKeys(ctx context.Context, space string, query api.ListHotCacheKeysQuery, options ...CallOptions) (api.HotCacheKeyList, error) {
	return askFor[api.HotCacheKeyList](ctx, c.client, OpListHotCacheKeys, Request{Path: map[string]string{"space": space}, Query: queryOf(query)}, options)
}

// ListLeaderboards is GET /v1/leaderboards: list the boards of the namespace by name.
func (c Calls) ListLeaderboards(ctx context.Context, query api.ListLeaderboardsQuery, options ...CallOptions) (api.LeaderboardList, error) {
	return askFor[api.LeaderboardList](ctx, c.client, OpListLeaderboards, Request{Query: queryOf(query)}, options)
}

// ListLocks is GET /v1/locks: list the locks that are held or queued.
func (c Calls) ListLocks(ctx context.Context, query api.ListLocksQuery, options ...CallOptions) (api.LockList, error) {
	return askFor[api.LockList](ctx, c.client, OpListLocks, Request{Query: queryOf(query)}, options)
}

// ListMemberLeaderboards is GET /v1/members/{member}/leaderboards: list the entries of a member on all boards.
func (c Calls) ListMemberLeaderboards(ctx context.Context, member string, query api.ListMemberLeaderboardsQuery, options ...CallOptions) (api.MemberLeaderboardList, error) {
	return askFor[api.MemberLeaderboardList](ctx, c.client, OpListMemberLeaderboards, Request{Path: map[string]string{"member": member}, Query: queryOf(query)}, options)
}

// ListMessages is GET /v1/queues/{queue}/messages: look at messages of a queue without a delivery.
func (c Calls) ListMessages(ctx context.Context, queue string, query api.ListMessagesQuery, options ...CallOptions) (api.QueueMessageList, error) {
	return askFor[api.QueueMessageList](ctx, c.client, OpListMessages, Request{Path: map[string]string{"queue": queue}, Query: queryOf(query)}, options)
}

// ListQueues is GET /v1/queues: list queues with what they hold.
func (c Calls) ListQueues(ctx context.Context, query api.ListQueuesQuery, options ...CallOptions) (api.QueueList, error) {
	return askFor[api.QueueList](ctx, c.client, OpListQueues, Request{Query: queryOf(query)}, options)
}

// ListRateLimitBlocks is GET /v1/ratelimit-policies/{policy}/blocks: list the subjects of a policy that are blocked.
func (c Calls) ListRateLimitBlocks(ctx context.Context, policy string, query api.ListRateLimitBlocksQuery, options ...CallOptions) (api.RateLimitBlockList, error) {
	return askFor[api.RateLimitBlockList](ctx, c.client, OpListRateLimitBlocks, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query)}, options)
}

// ListRateLimitOverrides is GET /v1/ratelimit-policies/{policy}/overrides: list the subjects of a policy that have an override.
func (c Calls) ListRateLimitOverrides(ctx context.Context, policy string, query api.ListRateLimitOverridesQuery, options ...CallOptions) (api.RateLimitOverrideList, error) {
	return askFor[api.RateLimitOverrideList](ctx, c.client, OpListRateLimitOverrides, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query)}, options)
}

// ListRateLimitPolicies is GET /v1/ratelimit-policies: list the policies of the namespace.
func (c Calls) ListRateLimitPolicies(ctx context.Context, query api.ListRateLimitPoliciesQuery, options ...CallOptions) (api.RateLimitPolicyList, error) {
	return askFor[api.RateLimitPolicyList](ctx, c.client, OpListRateLimitPolicies, Request{Query: queryOf(query)}, options)
}

// ListSeasons is GET /v1/leaderboards/{board}/seasons: list the seasons of a board that have entries.
func (c Calls) ListSeasons(ctx context.Context, board string, options ...CallOptions) (api.LeaderboardSeasonList, error) {
	return askFor[api.LeaderboardSeasonList](ctx, c.client, OpListSeasons, Request{Path: map[string]string{"board": board}}, options)
}

// ListSemaphores is GET /v1/semaphores: list the semaphores of the namespace.
func (c Calls) ListSemaphores(ctx context.Context, query api.ListSemaphoresQuery, options ...CallOptions) (api.SemaphoreList, error) {
	return askFor[api.SemaphoreList](ctx, c.client, OpListSemaphores, Request{Query: queryOf(query)}, options)
}

// ListSessions is GET /v1/sessions: list the sessions of the namespace.
func (c Calls) ListSessions(ctx context.Context, query api.ListSessionsQuery, options ...CallOptions) (api.SessionList, error) {
	return askFor[api.SessionList](ctx, c.client, OpListSessions, Request{Query: queryOf(query)}, options)
}

// ListStreamGroups is GET /v1/streams/{stream}/groups: list the groups of a stream.
func (c Calls) ListStreamGroups(ctx context.Context, stream string, options ...CallOptions) (api.StreamGroupList, error) {
	return askFor[api.StreamGroupList](ctx, c.client, OpListStreamGroups, Request{Path: map[string]string{"stream": stream}}, options)
}

// ListStreams is GET /v1/streams: list streams with what they hold.
func (c Calls) ListStreams(ctx context.Context, query api.ListStreamsQuery, options ...CallOptions) (api.StreamList, error) {
	return askFor[api.StreamList](ctx, c.client, OpListStreams, Request{Query: queryOf(query)}, options)
}

// ListTopDeniedSubjects is GET /v1/ratelimits/{policy}/top: list the subjects that a policy denies most often.
func (c Calls) ListTopDeniedSubjects(ctx context.Context, policy string, query api.ListTopDeniedSubjectsQuery, options ...CallOptions) (api.TopDeniedSubjects, error) {
	return askFor[api.TopDeniedSubjects](ctx, c.client, OpListTopDeniedSubjects, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query)}, options)
}

// MarkStreamReader is PUT /v1/streams/{stream}/readers/{reader}: mark how far a reader has read.
func (c Calls) MarkStreamReader(ctx context.Context, stream string, reader string, body api.StreamMarkRequest, options ...CallOptions) (api.StreamReader, error) {
	return askFor[api.StreamReader](ctx, c.client, OpMarkStreamReader, Request{Path: map[string]string{"stream": stream, "reader": reader}, Body: body}, options)
}

// OpenSeason is POST /v1/leaderboards/{board}/open: accept submissions to a closed season again.
func (c Calls) OpenSeason(ctx context.Context, board string, options ...CallOptions) (api.SeasonClosure, error) {
	return askFor[api.SeasonClosure](ctx, c.client, OpOpenSeason, Request{Path: map[string]string{"board": board}}, options)
}

// OpenSession is POST /v1/sessions: open a session.
func (c Calls) OpenSession(ctx context.Context, body api.OpenSessionRequest, options ...CallOptions) (api.OpenedSession, error) {
	return askFor[api.OpenedSession](ctx, c.client, OpOpenSession, Request{Body: body}, options)
}

// PatchCacheFields is PATCH /v1/cache/{space}/{key}/fields: change fields of an object.
func (c Calls) PatchCacheFields(ctx context.Context, space string, key string, body api.PatchCacheFieldsRequest, options ...CallOptions) (api.PatchedCacheFields, error) {
	return askFor[api.PatchedCacheFields](ctx, c.client, OpPatchCacheFields, Request{Path: map[string]string{"space": space, "key": key}, Body: body}, options)
}

// PatchCacheSpace is PATCH /v1/cache-spaces/{space}: change some settings of a space.
func (c Calls) PatchCacheSpace(ctx context.Context, space string, body api.PatchCacheSpaceRequest, options ...CallOptions) (api.CacheSpace, error) {
	return askFor[api.CacheSpace](ctx, c.client, OpPatchCacheSpace, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// PatchLeaderboard is PATCH /v1/leaderboards/{board}: change some settings of a board.
func (c Calls) PatchLeaderboard(ctx context.Context, board string, body api.PatchLeaderboardRequest, options ...CallOptions) (api.Leaderboard, error) {
	return askFor[api.Leaderboard](ctx, c.client, OpPatchLeaderboard, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// PatchQueue is PATCH /v1/queues/{queue}: change some settings of a queue.
func (c Calls) PatchQueue(ctx context.Context, queue string, body api.PatchQueueRequest, options ...CallOptions) (api.ConfiguredQueue, error) {
	return askFor[api.ConfiguredQueue](ctx, c.client, OpPatchQueue, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// PatchRateLimitOverride is PATCH /v1/ratelimit-policies/{policy}/overrides/{key}: change some settings of an override.
func (c Calls) PatchRateLimitOverride(ctx context.Context, policy string, key string, body api.PatchRateLimitOverrideRequest, options ...CallOptions) (api.RateLimitOverride, error) {
	return askFor[api.RateLimitOverride](ctx, c.client, OpPatchRateLimitOverride, Request{Path: map[string]string{"policy": policy, "key": key}, Body: body}, options)
}

// PatchRateLimitPolicy is PATCH /v1/ratelimit-policies/{policy}: change some settings of a policy.
func (c Calls) PatchRateLimitPolicy(ctx context.Context, policy string, body api.PatchRateLimitPolicyRequest, options ...CallOptions) (api.RateLimitPolicy, error) {
	return askFor[api.RateLimitPolicy](ctx, c.client, OpPatchRateLimitPolicy, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// PatchStream is PATCH /v1/streams/{stream}: change some settings of a stream.
func (c Calls) PatchStream(ctx context.Context, stream string, body api.PatchStreamRequest, options ...CallOptions) (api.ConfiguredStream, error) {
	return askFor[api.ConfiguredStream](ctx, c.client, OpPatchStream, Request{Path: map[string]string{"stream": stream}, Body: body}, options)
}

// PeekRateLimit is POST /v1/ratelimits/{policy}/peek: ask how one limit would decide now.
func (c Calls) PeekRateLimit(ctx context.Context, policy string, body api.RateLimitSubjectRequest, options ...CallOptions) (api.RateLimitDecision, error) {
	return askFor[api.RateLimitDecision](ctx, c.client, OpPeekRateLimit, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// PurgeQueue is POST /v1/queues/{queue}/purge: delete the messages of a queue in one state.
func (c Calls) PurgeQueue(ctx context.Context, queue string, body api.PurgeQueueRequest, options ...CallOptions) (api.PurgedQueue, error) {
	return askFor[api.PurgedQueue](ctx, c.client, OpPurgeQueue, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// PutCacheEntry is PUT /v1/cache/{space}/{key}: store a value.
func (c Calls) PutCacheEntry(ctx context.Context, space string, key string, query api.PutCacheEntryQuery, body []byte, options ...CallOptions) (*Response, error) {
	return get(ctx, c.client, OpPutCacheEntry, Request{Path: map[string]string{"space": space, "key": key}, Query: queryOf(query), Body: body}, options)
}

// PutCacheSpace is PUT /v1/cache-spaces/{space}: set all settings of a space.
func (c Calls) PutCacheSpace(ctx context.Context, space string, body api.CacheSpaceSettings, options ...CallOptions) (api.CacheSpace, error) {
	return askFor[api.CacheSpace](ctx, c.client, OpPutCacheSpace, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// PutLeaderboard is PUT /v1/leaderboards/{board}: create a board, or replace its settings.
func (c Calls) PutLeaderboard(ctx context.Context, board string, body api.LeaderboardSettings, options ...CallOptions) (api.Leaderboard, error) {
	return askFor[api.Leaderboard](ctx, c.client, OpPutLeaderboard, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// PutQueue is PUT /v1/queues/{queue}: set all settings of a queue.
func (c Calls) PutQueue(ctx context.Context, queue string, body api.QueueSettings, options ...CallOptions) (api.ConfiguredQueue, error) {
	return askFor[api.ConfiguredQueue](ctx, c.client, OpPutQueue, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// PutRateLimitOverride is PUT /v1/ratelimit-policies/{policy}/overrides/{key}: give one subject another limit, or replace it.
func (c Calls) PutRateLimitOverride(ctx context.Context, policy string, key string, body api.RateLimitOverrideSettings, options ...CallOptions) (api.RateLimitOverride, error) {
	return askFor[api.RateLimitOverride](ctx, c.client, OpPutRateLimitOverride, Request{Path: map[string]string{"policy": policy, "key": key}, Body: body}, options)
}

// PutRateLimitPolicy is PUT /v1/ratelimit-policies/{policy}: create a policy or replace all its settings.
func (c Calls) PutRateLimitPolicy(ctx context.Context, policy string, body api.RateLimitPolicySettings, options ...CallOptions) (api.RateLimitPolicy, error) {
	return askFor[api.RateLimitPolicy](ctx, c.client, OpPutRateLimitPolicy, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// PutSemaphore is PUT /v1/semaphores/{name}: set the capacity of a semaphore.
func (c Calls) PutSemaphore(ctx context.Context, name string, body api.PutSemaphoreRequest, options ...CallOptions) (api.Semaphore, error) {
	return askFor[api.Semaphore](ctx, c.client, OpPutSemaphore, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// PutStream is PUT /v1/streams/{stream}: set all settings of a stream.
func (c Calls) PutStream(ctx context.Context, stream string, body api.StreamSettings, options ...CallOptions) (api.ConfiguredStream, error) {
	return askFor[api.ConfiguredStream](ctx, c.client, OpPutStream, Request{Path: map[string]string{"stream": stream}, Body: body}, options)
}

// PutStreamGroup is PUT /v1/streams/{stream}/groups/{group}: make a group of consumers, or change its settings.
func (c Calls) PutStreamGroup(ctx context.Context, stream string, group string, body api.StreamGroupSettings, options ...CallOptions) (api.StreamGroup, error) {
	return askFor[api.StreamGroup](ctx, c.client, OpPutStreamGroup, Request{Path: map[string]string{"stream": stream, "group": group}, Body: body}, options)
}

// QueryLeaderboard is POST /v1/leaderboards/{board}/query: query members, the place of a score, or a percentile.
func (c Calls) QueryLeaderboard(ctx context.Context, board string, body api.QueryLeaderboardRequest, options ...CallOptions) (api.LeaderboardQueryResult, error) {
	return askFor[api.LeaderboardQueryResult](ctx, c.client, OpQueryLeaderboard, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// ReadStream is GET /v1/streams/{stream}/entries: read entries of a stream.
func (c Calls) ReadStream(ctx context.Context, stream string, query api.ReadStreamQuery, options ...CallOptions) (api.StreamEntryList, error) {
	return askFor[api.StreamEntryList](ctx, c.client, OpReadStream, Request{Path: map[string]string{"stream": stream}, Query: queryOf(query), Wait: msOf(query.WaitMs)}, options)
}

// ReceiveEntries is POST /v1/streams/{stream}/groups/{group}/receive: receive entries for a consumer of a group.
func (c Calls) ReceiveEntries(ctx context.Context, stream string, group string, body api.ReceiveEntriesRequest, options ...CallOptions) (api.ReceivedEntries, error) {
	return askFor[api.ReceivedEntries](ctx, c.client, OpReceiveEntries, Request{Path: map[string]string{"stream": stream, "group": group}, Body: body, Wait: msOf(body.WaitMs)}, options)
}

// ReceiveMessages is POST /v1/queues/{queue}/receive: receive messages of a queue.
func (c Calls) ReceiveMessages(ctx context.Context, queue string, body api.ReceiveMessagesRequest, options ...CallOptions) (api.ReceivedMessages, error) {
	return askFor[api.ReceivedMessages](ctx, c.client, OpReceiveMessages, Request{Path: map[string]string{"queue": queue}, Body: body, Wait: msOf(body.WaitMs)}, options)
}

// RedriveDeadLetters is POST /v1/queues/{queue}/dead/redrive: make dead letters messages again.
func (c Calls) RedriveDeadLetters(ctx context.Context, queue string, body api.RedriveDeadLettersRequest, options ...CallOptions) (api.RedrivenDeadLetters, error) {
	return askFor[api.RedrivenDeadLetters](ctx, c.client, OpRedriveDeadLetters, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// RefundRateLimit is POST /v1/ratelimits/{policy}/refund: give back the newest usage of a subject.
func (c Calls) RefundRateLimit(ctx context.Context, policy string, body api.RefundRateLimitRequest, options ...CallOptions) (api.RateLimitRefund, error) {
	return askFor[api.RateLimitRefund](ctx, c.client, OpRefundRateLimit, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// ReleaseConcurrencyLease is POST /v1/ratelimits/{policy}/leases/release: end a lease.
func (c Calls) ReleaseConcurrencyLease(ctx context.Context, policy string, body api.ConcurrencyLeaseRequest, options ...CallOptions) (api.ConcurrencyLeaseRelease, error) {
	return askFor[api.ConcurrencyLeaseRelease](ctx, c.client, OpReleaseConcurrencyLease, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// ReleaseLock is POST /v1/locks/{name}/release: release a lock.
func (c Calls) ReleaseLock(ctx context.Context, name string, body api.ReleaseLeaseRequest, options ...CallOptions) (api.ReleasedLease, error) {
	return askFor[api.ReleasedLease](ctx, c.client, OpReleaseLock, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// ReleaseLockSet is POST /v1/lock-sets/release: release the locks of a lock set.
func (c Calls) ReleaseLockSet(ctx context.Context, body api.ReleaseLockSetRequest, options ...CallOptions) (api.ReleasedLockSet, error) {
	return askFor[api.ReleasedLockSet](ctx, c.client, OpReleaseLockSet, Request{Body: body}, options)
}

// ReleasePermits is POST /v1/semaphores/{name}/release: release permits.
func (c Calls) ReleasePermits(ctx context.Context, name string, body api.ReleaseLeaseRequest, options ...CallOptions) (api.ReleasedLease, error) {
	return askFor[api.ReleasedLease](ctx, c.client, OpReleasePermits, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// RenewCacheLease is POST /v1/cache/{space}/{key}/lease/renew: give a load more time.
func (c Calls) RenewCacheLease(ctx context.Context, space string, key string, body api.RenewCacheLeaseRequest, options ...CallOptions) (api.RenewedCacheLease, error) {
	return askFor[api.RenewedCacheLease](ctx, c.client, OpRenewCacheLease, Request{Path: map[string]string{"space": space, "key": key}, Body: body}, options)
}

// RenewConcurrencyLease is POST /v1/ratelimits/{policy}/leases/renew: extend a lease to its full lifetime from now.
func (c Calls) RenewConcurrencyLease(ctx context.Context, policy string, body api.ConcurrencyLeaseRequest, options ...CallOptions) (api.ConcurrencyLease, error) {
	return askFor[api.ConcurrencyLease](ctx, c.client, OpRenewConcurrencyLease, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// RenewLock is POST /v1/locks/{name}/renew: extend the lease on a lock.
func (c Calls) RenewLock(ctx context.Context, name string, body api.RenewLeaseRequest, options ...CallOptions) (api.RenewedLease, error) {
	return askFor[api.RenewedLease](ctx, c.client, OpRenewLock, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// RenewLockSet is POST /v1/lock-sets/renew: extend the leases of a lock set.
func (c Calls) RenewLockSet(ctx context.Context, body api.RenewLockSetRequest, options ...CallOptions) (api.RenewedLockSet, error) {
	return askFor[api.RenewedLockSet](ctx, c.client, OpRenewLockSet, Request{Body: body}, options)
}

// RenewPermits is POST /v1/semaphores/{name}/renew: extend a lease on permits.
func (c Calls) RenewPermits(ctx context.Context, name string, body api.RenewLeaseRequest, options ...CallOptions) (api.RenewedLease, error) {
	return askFor[api.RenewedLease](ctx, c.client, OpRenewPermits, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// ReserveRateLimit is POST /v1/ratelimits/{policy}/reserve: consume an estimated cost, to be settled later.
func (c Calls) ReserveRateLimit(ctx context.Context, policy string, query api.ReserveRateLimitQuery, body api.ReserveRateLimitRequest, options ...CallOptions) (api.RateLimitReservation, error) {
	return askFor[api.RateLimitReservation](ctx, c.client, OpReserveRateLimit, Request{Path: map[string]string{"policy": policy}, Query: queryOf(query), Body: body}, options)
}

// ResetRateLimit is POST /v1/ratelimits/{policy}/reset: delete the usage of a subject.
func (c Calls) ResetRateLimit(ctx context.Context, policy string, body api.RateLimitSubjectRequest, options ...CallOptions) (api.RateLimitSubjectChange, error) {
	return askFor[api.RateLimitSubjectChange](ctx, c.client, OpResetRateLimit, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// RetryCacheWrites is POST /v1/cache-spaces/{space}/outbox/retry: send writes again.
func (c Calls) RetryCacheWrites(ctx context.Context, space string, body api.CacheOutboxKeys, options ...CallOptions) (api.DueCacheWrites, error) {
	return askFor[api.DueCacheWrites](ctx, c.client, OpRetryCacheWrites, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// RevokeLock is POST /v1/locks/{name}/revoke: ask the holders of a lock to give way.
func (c Calls) RevokeLock(ctx context.Context, name string, body api.RevokeLockRequest, options ...CallOptions) (api.LockRevocation, error) {
	return askFor[api.LockRevocation](ctx, c.client, OpRevokeLock, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// RunCachePipeline is POST /v1/cache-pipeline: run up to 1000 operations on any spaces.
func (c Calls) RunCachePipeline(ctx context.Context, body api.CachePipelineRequest, options ...CallOptions) (api.CachePipelineResults, error) {
	return askFor[api.CachePipelineResults](ctx, c.client, OpRunCachePipeline, Request{Body: body}, options)
}

// SeekStreamGroup is POST /v1/streams/{stream}/groups/{group}/seek: move a group to another place of the stream.
func (c Calls) SeekStreamGroup(ctx context.Context, stream string, group string, body api.SeekGroupRequest, options ...CallOptions) (api.StreamGroup, error) {
	return askFor[api.StreamGroup](ctx, c.client, OpSeekStreamGroup, Request{Path: map[string]string{"stream": stream, "group": group}, Body: body}, options)
}

// SendMessages is POST /v1/queues/{queue}/messages: send messages to a queue.
func (c Calls) SendMessages(ctx context.Context, queue string, body api.SendMessagesRequest, options ...CallOptions) (api.SentMessages, error) {
	return askFor[api.SentMessages](ctx, c.client, OpSendMessages, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// SetLockMetadata is POST /v1/locks/{name}/metadata: change the metadata of a lease on a lock.
func (c Calls) SetLockMetadata(ctx context.Context, name string, body api.SetLeaseMetadataRequest, options ...CallOptions) (api.ChangedLease, error) {
	return askFor[api.ChangedLease](ctx, c.client, OpSetLockMetadata, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// SetLockSetMetadata is POST /v1/lock-sets/metadata: change the metadata of the leases of a lock set.
func (c Calls) SetLockSetMetadata(ctx context.Context, body api.SetLockSetMetadataRequest, options ...CallOptions) (api.ChangedLockSet, error) {
	return askFor[api.ChangedLockSet](ctx, c.client, OpSetLockSetMetadata, Request{Body: body}, options)
}

// SetManyCacheEntries is POST /v1/cache/{space}/set-many: store up to 1000 values of a space.
func (c Calls) SetManyCacheEntries(ctx context.Context, space string, body api.SetManyRequest, options ...CallOptions) (api.SetManyResults, error) {
	return askFor[api.SetManyResults](ctx, c.client, OpSetManyCacheEntries, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// SetPermitMetadata is POST /v1/semaphores/{name}/metadata: change the metadata of a lease on permits.
func (c Calls) SetPermitMetadata(ctx context.Context, name string, body api.SetLeaseMetadataRequest, options ...CallOptions) (api.ChangedLease, error) {
	return askFor[api.ChangedLease](ctx, c.client, OpSetPermitMetadata, Request{Path: map[string]string{"name": name}, Body: body}, options)
}

// SettleEntries is POST /v1/streams/{stream}/groups/{group}/settle: acknowledge, reject, extend or release deliveries of a group.
func (c Calls) SettleEntries(ctx context.Context, stream string, group string, body api.SettleEntriesRequest, options ...CallOptions) (api.SettledEntries, error) {
	return askFor[api.SettledEntries](ctx, c.client, OpSettleEntries, Request{Path: map[string]string{"stream": stream, "group": group}, Body: body}, options)
}

// SettleMessages is POST /v1/queues/{queue}/settle: acknowledge, reject, extend or release deliveries.
func (c Calls) SettleMessages(ctx context.Context, queue string, body api.SettleMessagesRequest, options ...CallOptions) (api.SettledMessages, error) {
	return askFor[api.SettledMessages](ctx, c.client, OpSettleMessages, Request{Path: map[string]string{"queue": queue}, Body: body}, options)
}

// StartCacheWarming is POST /v1/cache-spaces/{space}/warmings: load keys from the origin of a space.
func (c Calls) StartCacheWarming(ctx context.Context, space string, body api.WarmCacheRequest, options ...CallOptions) (api.StartedCacheWarming, error) {
	return askFor[api.StartedCacheWarming](ctx, c.client, OpStartCacheWarming, Request{Path: map[string]string{"space": space}, Body: body}, options)
}

// SubmitScores is POST /v1/leaderboards/{board}/scores: submit scores to a board.
func (c Calls) SubmitScores(ctx context.Context, board string, body api.SubmitScoresRequest, options ...CallOptions) (api.ScoreResults, error) {
	return askFor[api.ScoreResults](ctx, c.client, OpSubmitScores, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// SubmitToLeaderboards is POST /v1/leaderboard-submissions: submit scores of one member to several boards.
func (c Calls) SubmitToLeaderboards(ctx context.Context, body api.SubmitToLeaderboardsRequest, options ...CallOptions) (api.BoardResults, error) {
	return askFor[api.BoardResults](ctx, c.client, OpSubmitToLeaderboards, Request{Body: body}, options)
}

// TouchCacheEntry is POST /v1/cache/{space}/{key}/touch: start the time of a fresh value again.
func (c Calls) TouchCacheEntry(ctx context.Context, space string, key string, body api.TouchCacheEntryRequest, options ...CallOptions) error {
	return tell(ctx, c.client, OpTouchCacheEntry, Request{Path: map[string]string{"space": space, "key": key}, Body: body}, options)
}

// UnblockRateLimitSubject is POST /v1/ratelimits/{policy}/unblock: end the block of a subject.
func (c Calls) UnblockRateLimitSubject(ctx context.Context, policy string, body api.RateLimitSubjectRequest, options ...CallOptions) (api.RateLimitSubjectChange, error) {
	return askFor[api.RateLimitSubjectChange](ctx, c.client, OpUnblockRateLimitSubject, Request{Path: map[string]string{"policy": policy}, Body: body}, options)
}

// UnhideMember is POST /v1/leaderboards/{board}/unhide: rank a hidden member again.
func (c Calls) UnhideMember(ctx context.Context, board string, body api.HideMemberRequest, options ...CallOptions) (api.MemberVisibility, error) {
	return askFor[api.MemberVisibility](ctx, c.client, OpUnhideMember, Request{Path: map[string]string{"board": board}, Body: body}, options)
}

// VerifyLock is POST /v1/locks/{name}/verify: check whether the lease with a fence is current.
func (c Calls) VerifyLock(ctx context.Context, name string, body api.VerifyLockRequest, options ...CallOptions) (api.LockVerification, error) {
	return askFor[api.LockVerification](ctx, c.client, OpVerifyLock, Request{Path: map[string]string{"name": name}, Body: body}, options)
}
