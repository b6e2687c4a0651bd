// Code generated from openapi.yaml by npm run openapi; DO NOT EDIT.

package api

type AcquireConcurrencyLeaseQuery struct {
	OnDeny *OnDeny `json:"onDeny,omitempty"`
}

type AcquireConcurrencyLeaseRequest struct {
	Key    *string `json:"key,omitempty"`
	Weight *int64  `json:"weight,omitempty"`
}

type AcquireLockRequest struct {
	TTLMs        *int64    `json:"ttlMs,omitempty"`
	SessionToken *string   `json:"sessionToken,omitempty"`
	WaitMs       *int64    `json:"waitMs,omitempty"`
	Owner        *string   `json:"owner,omitempty"`
	Metadata     Metadata  `json:"metadata,omitempty"`
	MinHoldMs    *int64    `json:"minHoldMs,omitempty"`
	MaxHoldMs    *int64    `json:"maxHoldMs,omitempty"`
	LockDelayMs  *int64    `json:"lockDelayMs,omitempty"`
	MaxQueue     *int64    `json:"maxQueue,omitempty"`
	Priority     *int64    `json:"priority,omitempty"`
	Mode         *LockMode `json:"mode,omitempty"`
	Reentrant    *bool     `json:"reentrant,omitempty"`
}

type AcquireLockSetRequest struct {
	Names        []string `json:"names"`
	TTLMs        *int64   `json:"ttlMs,omitempty"`
	SessionToken *string  `json:"sessionToken,omitempty"`
	WaitMs       *int64   `json:"waitMs,omitempty"`
	Owner        *string  `json:"owner,omitempty"`
	Metadata     Metadata `json:"metadata,omitempty"`
	MinHoldMs    *int64   `json:"minHoldMs,omitempty"`
	MaxHoldMs    *int64   `json:"maxHoldMs,omitempty"`
	LockDelayMs  *int64   `json:"lockDelayMs,omitempty"`
	MaxQueue     *int64   `json:"maxQueue,omitempty"`
	Priority     *int64   `json:"priority,omitempty"`
}

type AcquirePermitsRequest struct {
	Permits      *int64   `json:"permits,omitempty"`
	Capacity     *int64   `json:"capacity,omitempty"`
	TTLMs        *int64   `json:"ttlMs,omitempty"`
	SessionToken *string  `json:"sessionToken,omitempty"`
	WaitMs       *int64   `json:"waitMs,omitempty"`
	Owner        *string  `json:"owner,omitempty"`
	Metadata     Metadata `json:"metadata,omitempty"`
	MinHoldMs    *int64   `json:"minHoldMs,omitempty"`
	MaxHoldMs    *int64   `json:"maxHoldMs,omitempty"`
	LockDelayMs  *int64   `json:"lockDelayMs,omitempty"`
	MaxQueue     *int64   `json:"maxQueue,omitempty"`
	Priority     *int64   `json:"priority,omitempty"`
}

type AppendEntriesRequest struct {
	Entries []NewStreamEntry `json:"entries"`
}

type AppendedEntries struct {
	Entries []AppendedEntry `json:"entries"`
}

type AppendedEntry struct {
	ID string `json:"id"`
}

type AuthorizeVisitorByPoliciesQuery struct {
	Policies   string      `json:"policies"`
	Key        *string     `json:"key,omitempty"`
	DenyStatus *DenyStatus `json:"denyStatus,omitempty"`
}

type AuthorizeVisitorQuery struct {
	Key        *string     `json:"key,omitempty"`
	DenyStatus *DenyStatus `json:"denyStatus,omitempty"`
}

type AuthzTemplate struct {
	Key         []string `json:"key"`
	TrustedHops *int64   `json:"trustedHops,omitempty"`
	Ipv6Prefix  *int64   `json:"ipv6Prefix,omitempty"`
}

type BlockRateLimitSubjectRequest struct {
	Key   *string `json:"key,omitempty"`
	TTLMs int64   `json:"ttlMs"`
}

type BoardResult struct {
	Board        string      `json:"board"`
	Member       string      `json:"member"`
	Changed      bool        `json:"changed"`
	PersonalBest bool        `json:"personalBest"`
	Score        *Score      `json:"score,omitempty"`
	Scores       []Score     `json:"scores,omitempty"`
	Rank         *int64      `json:"rank,omitempty"`
	PreviousRank *int64      `json:"previousRank,omitempty"`
	Position     *int64      `json:"position,omitempty"`
	Total        *int64      `json:"total,omitempty"`
	Percentile   *float64    `json:"percentile,omitempty"`
	SeasonID     *string     `json:"seasonId,omitempty"`
	Dropped      *bool       `json:"dropped,omitempty"`
	Error        *ScoreError `json:"error,omitempty"`
}

type BoardResults struct {
	Results []BoardResult `json:"results"`
}

type BoardSubmission struct {
	Board  string          `json:"board"`
	Score  *Score          `json:"score,omitempty"`
	Scores []Score         `json:"scores,omitempty"`
	Op     *ScoreOperation `json:"op,omitempty"`
	IfSeq  *int64          `json:"ifSeq,omitempty"`
}

type CacheEntryKind string

const (
	CacheEntryKindBytes   CacheEntryKind = "bytes"
	CacheEntryKindCounter CacheEntryKind = "counter"
	CacheEntryKindObject  CacheEntryKind = "object"
)

type CacheEntryMeta struct {
	Kind             CacheEntryKind  `json:"kind"`
	State            CacheEntryState `json:"state"`
	ETag             string          `json:"etag"`
	AgeMs            int64           `json:"ageMs"`
	ExpiresInMs      int64           `json:"expiresInMs"`
	StaleExpiresInMs int64           `json:"staleExpiresInMs"`
	LoadMs           int64           `json:"loadMs"`
	SizeBytes        int64           `json:"sizeBytes"`
	ContentType      string          `json:"contentType"`
	ContentEncoding  *string         `json:"contentEncoding,omitempty"`
	Tags             []string        `json:"tags"`
}

type CacheEntryState string

const (
	CacheEntryStateFresh    CacheEntryState = "fresh"
	CacheEntryStateStale    CacheEntryState = "stale"
	CacheEntryStateNegative CacheEntryState = "negative"
	CacheEntryStateMiss     CacheEntryState = "miss"
)

type CacheFieldIncrements struct {
}

type CacheFieldProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	Field        *string `json:"field,omitempty"`
}

type CacheFieldValues struct {
}

type CacheFields struct {
	Fields      CacheFieldValues `json:"fields"`
	ExpiresInMs int64            `json:"expiresInMs"`
}

type CacheLease struct {
	Status       CacheLeaseStatus `json:"status"`
	Token        *string          `json:"token,omitempty"`
	ExpiresInMs  *int64           `json:"expiresInMs,omitempty"`
	RetryAfterMs *int64           `json:"retryAfterMs,omitempty"`
}

type CacheLeaseStatus string

const (
	CacheLeaseStatusGranted CacheLeaseStatus = "granted"
	CacheLeaseStatusHeld    CacheLeaseStatus = "held"
	CacheLeaseStatusBackoff CacheLeaseStatus = "backoff"
)

type CacheMissProblem struct {
	Type         string          `json:"type"`
	Title        string          `json:"title"`
	Status       int64           `json:"status"`
	Detail       string          `json:"detail"`
	Code         string          `json:"code"`
	RequestID    string          `json:"requestId"`
	RetryAfterMs *int64          `json:"retryAfterMs,omitempty"`
	State        CacheEntryState `json:"state"`
	Lease        *CacheLease     `json:"lease,omitempty"`
}

type CacheOperation struct {
	Op          CacheOperationKind  `json:"op"`
	Space       string              `json:"space"`
	Key         string              `json:"key"`
	Encoding    *CacheValueEncoding `json:"encoding,omitempty"`
	Value       any                 `json:"value,omitempty"`
	ContentType *string             `json:"contentType,omitempty"`
	TTLMs       *int64              `json:"ttlMs,omitempty"`
	StaleMs     *int64              `json:"staleMs,omitempty"`
	ErrorMs     *int64              `json:"errorMs,omitempty"`
	Tags        []string            `json:"tags,omitempty"`
	LeaseToken  *string             `json:"leaseToken,omitempty"`
	IfMatch     *string             `json:"ifMatch,omitempty"`
	IfNoneMatch *string             `json:"ifNoneMatch,omitempty"`
	IfFence     *string             `json:"ifFence,omitempty"`
	Negative    *bool               `json:"negative,omitempty"`
	By          *CounterNumber      `json:"by,omitempty"`
	Initial     *CounterNumber      `json:"initial,omitempty"`
}

type CacheOperationKind string

const (
	CacheOperationKindGet    CacheOperationKind = "get"
	CacheOperationKindPut    CacheOperationKind = "put"
	CacheOperationKindDelete CacheOperationKind = "delete"
	CacheOperationKindIncr   CacheOperationKind = "incr"
)

type CacheOperationResult struct {
	Key             string               `json:"key"`
	Status          CacheOperationStatus `json:"status"`
	State           *CacheEntryState     `json:"state,omitempty"`
	Kind            *CacheEntryKind      `json:"kind,omitempty"`
	Encoding        *CacheValueEncoding  `json:"encoding,omitempty"`
	Value           any                  `json:"value,omitempty"`
	ContentType     *string              `json:"contentType,omitempty"`
	ContentEncoding *string              `json:"contentEncoding,omitempty"`
	ETag            *string              `json:"etag,omitempty"`
	AgeMs           *int64               `json:"ageMs,omitempty"`
	ExpiresInMs     *int64               `json:"expiresInMs,omitempty"`
	Lease           *CacheLease          `json:"lease,omitempty"`
	Detail          *string              `json:"detail,omitempty"`
	Reason          *string              `json:"reason,omitempty"`
	Replayed        *bool                `json:"replayed,omitempty"`
}

type CacheOperationStatus string

const (
	CacheOperationStatusHit                  CacheOperationStatus = "hit"
	CacheOperationStatusCacheMiss            CacheOperationStatus = "cache-miss"
	CacheOperationStatusKindMismatch         CacheOperationStatus = "kind-mismatch"
	CacheOperationStatusDeferred             CacheOperationStatus = "deferred"
	CacheOperationStatusOriginFailed         CacheOperationStatus = "origin-failed"
	CacheOperationStatusOriginUnavailable    CacheOperationStatus = "origin-unavailable"
	CacheOperationStatusCreated              CacheOperationStatus = "created"
	CacheOperationStatusReplaced             CacheOperationStatus = "replaced"
	CacheOperationStatusPreconditionFailed   CacheOperationStatus = "precondition-failed"
	CacheOperationStatusFenceOutdated        CacheOperationStatus = "fence-outdated"
	CacheOperationStatusPreconditionRequired CacheOperationStatus = "precondition-required"
	CacheOperationStatusLeaseLost            CacheOperationStatus = "lease-lost"
	CacheOperationStatusTooLarge             CacheOperationStatus = "too-large"
	CacheOperationStatusIdempotencyConflict  CacheOperationStatus = "idempotency-conflict"
	CacheOperationStatusOriginOwned          CacheOperationStatus = "origin-owned"
	CacheOperationStatusOutboxPending        CacheOperationStatus = "outbox-pending"
	CacheOperationStatusDeleted              CacheOperationStatus = "deleted"
	CacheOperationStatusCounted              CacheOperationStatus = "counted"
	CacheOperationStatusCounterOverflow      CacheOperationStatus = "counter-overflow"
	CacheOperationStatusStoreUnavailable     CacheOperationStatus = "store-unavailable"
	CacheOperationStatusOutcomeUnknown       CacheOperationStatus = "outcome-unknown"
	CacheOperationStatusStoreFull            CacheOperationStatus = "store-full"
	CacheOperationStatusStoreNotReady        CacheOperationStatus = "store-not-ready"
	CacheOperationStatusNotReplicated        CacheOperationStatus = "not-replicated"
)

type CacheOutbox struct {
	Pending     int64 `json:"pending"`
	Failed      int64 `json:"failed"`
	Bytes       int64 `json:"bytes"`
	OldestAgeMs int64 `json:"oldestAgeMs"`
}

type CacheOutboxKeys struct {
	Keys []string `json:"keys"`
}

type CachePipelineRequest struct {
	Operations []CacheOperation `json:"operations"`
}

type CachePipelineResults struct {
	Results []CacheOperationResult `json:"results"`
}

type CacheSpace struct {
	Name                string              `json:"name"`
	TTLMs               int64               `json:"ttlMs"`
	StaleMs             int64               `json:"staleMs"`
	ErrorMs             int64               `json:"errorMs"`
	NegativeTTLMs       int64               `json:"negativeTtlMs"`
	IdleMs              int64               `json:"idleMs"`
	Jitter              float64             `json:"jitter"`
	LeaseMs             int64               `json:"leaseMs"`
	MaxLeaseMs          int64               `json:"maxLeaseMs"`
	EarlyRefreshBeta    float64             `json:"earlyRefreshBeta"`
	MaxValueBytes       int64               `json:"maxValueBytes"`
	RequirePrecondition bool                `json:"requirePrecondition"`
	L1                  L1Settings          `json:"l1"`
	Version             int64               `json:"version"`
	Source              ConfigurationSource `json:"source"`
}

type CacheSpaceList struct {
	Items      []CacheSpace `json:"items"`
	NextCursor *string      `json:"nextCursor,omitempty"`
}

type CacheSpaceSettings struct {
	TTLMs               *int64      `json:"ttlMs,omitempty"`
	StaleMs             *int64      `json:"staleMs,omitempty"`
	ErrorMs             *int64      `json:"errorMs,omitempty"`
	NegativeTTLMs       *int64      `json:"negativeTtlMs,omitempty"`
	IdleMs              *int64      `json:"idleMs,omitempty"`
	Jitter              *float64    `json:"jitter,omitempty"`
	LeaseMs             *int64      `json:"leaseMs,omitempty"`
	MaxLeaseMs          *int64      `json:"maxLeaseMs,omitempty"`
	EarlyRefreshBeta    *float64    `json:"earlyRefreshBeta,omitempty"`
	MaxValueBytes       *int64      `json:"maxValueBytes,omitempty"`
	RequirePrecondition *bool       `json:"requirePrecondition,omitempty"`
	L1                  *L1Settings `json:"l1,omitempty"`
}

type CacheSpaceUsage struct {
	Hits     int64 `json:"hits"`
	Stale    int64 `json:"stale"`
	Negative int64 `json:"negative"`
	Misses   int64 `json:"misses"`
	Fills    int64 `json:"fills"`
	L1Bytes  int64 `json:"l1Bytes"`
}

type CacheValueEncoding string

const (
	CacheValueEncodingJson   CacheValueEncoding = "json"
	CacheValueEncodingText   CacheValueEncoding = "text"
	CacheValueEncodingBase64 CacheValueEncoding = "base64"
)

type CacheWarming struct {
	ID         string         `json:"id"`
	State      WarmingState   `json:"state"`
	Total      int64          `json:"total"`
	Loaded     int64          `json:"loaded"`
	Skipped    int64          `json:"skipped"`
	Failed     int64          `json:"failed"`
	StartedAt  string         `json:"startedAt"`
	FinishedAt *string        `json:"finishedAt,omitempty"`
	Errors     []WarmingError `json:"errors"`
}

type CalendarPeriod string

const (
	CalendarPeriodMinute CalendarPeriod = "minute"
	CalendarPeriodHour   CalendarPeriod = "hour"
	CalendarPeriodDay    CalendarPeriod = "day"
	CalendarPeriodWeek   CalendarPeriod = "week"
	CalendarPeriodMonth  CalendarPeriod = "month"
	CalendarPeriodYear   CalendarPeriod = "year"
)

type CancelCacheLeaseRequest struct {
	Token     string `json:"token"`
	Failed    *bool  `json:"failed,omitempty"`
	BackoffMs *int64 `json:"backoffMs,omitempty"`
}

type CancelReservationRequest struct {
	Key   string `json:"key"`
	Token string `json:"token"`
}

type CancelledCacheLease struct {
	Cancelled bool `json:"cancelled"`
}

type CapacityMismatchProblem struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int64  `json:"status"`
	Detail       string `json:"detail"`
	Code         string `json:"code"`
	RequestID    string `json:"requestId"`
	RetryAfterMs *int64 `json:"retryAfterMs,omitempty"`
	Capacity     *int64 `json:"capacity,omitempty"`
}

type ChangedLease struct {
	Fence int64 `json:"fence"`
}

type ChangedLockSet struct {
	Fences FencesByName `json:"fences"`
}

type CheckRateLimitQuery struct {
	OnDeny *OnDeny `json:"onDeny,omitempty"`
}

type CheckRateLimitRequest struct {
	Key  *string `json:"key,omitempty"`
	Cost *int64  `json:"cost,omitempty"`
}

type CheckRateLimitsQuery struct {
	OnDeny *OnDeny `json:"onDeny,omitempty"`
}

type CheckRateLimitsRequest struct {
	Limits []RequestedRateLimit `json:"limits"`
	Mode   *RateLimitCheckMode  `json:"mode,omitempty"`
	Take   *RateLimitTake       `json:"take,omitempty"`
	Peek   *bool                `json:"peek,omitempty"`
}

type ColumnOperation string

const (
	ColumnOperationSet  ColumnOperation = "set"
	ColumnOperationIncr ColumnOperation = "incr"
	ColumnOperationMin  ColumnOperation = "min"
	ColumnOperationMax  ColumnOperation = "max"
)

type ColumnOrder string

const (
	ColumnOrderDesc ColumnOrder = "desc"
	ColumnOrderAsc  ColumnOrder = "asc"
)

type ColumnType string

const (
	ColumnTypeNumber ColumnType = "number"
	ColumnTypeInt64  ColumnType = "int64"
)

type CommitReservationRequest struct {
	Key    string `json:"key"`
	Token  string `json:"token"`
	Actual int64  `json:"actual"`
}

type ConcurrencyLease struct {
	Policy      string `json:"policy"`
	Key         string `json:"key"`
	Token       string `json:"token"`
	ExpiresInMs int64  `json:"expiresInMs"`
}

type ConcurrencyLeaseDecision struct {
	Allowed       bool    `json:"allowed"`
	Token         *string `json:"token,omitempty"`
	ExpiresInMs   *int64  `json:"expiresInMs,omitempty"`
	RetryAfterMs  *int64  `json:"retryAfterMs,omitempty"`
	Policy        string  `json:"policy"`
	Key           string  `json:"key"`
	Limit         int64   `json:"limit"`
	Remaining     int64   `json:"remaining"`
	Unsatisfiable bool    `json:"unsatisfiable"`
	Blocked       *bool   `json:"blocked,omitempty"`
}

type ConcurrencyLeaseRelease struct {
	Policy   string `json:"policy"`
	Key      string `json:"key"`
	Released bool   `json:"released"`
}

type ConcurrencyLeaseRequest struct {
	Key   *string `json:"key,omitempty"`
	Token string  `json:"token"`
}

type ConcurrencyLimitedProblem struct {
	Type          string `json:"type"`
	Title         string `json:"title"`
	Status        int64  `json:"status"`
	Detail        string `json:"detail"`
	Code          string `json:"code"`
	RequestID     string `json:"requestId"`
	RetryAfterMs  *int64 `json:"retryAfterMs,omitempty"`
	Policy        string `json:"policy"`
	Key           string `json:"key"`
	Limit         int64  `json:"limit"`
	Remaining     int64  `json:"remaining"`
	Unsatisfiable bool   `json:"unsatisfiable"`
	Blocked       *bool  `json:"blocked,omitempty"`
}

type ConcurrencyUsage struct {
	Policy           string `json:"policy"`
	Key              string `json:"key"`
	Limit            int64  `json:"limit"`
	InFlight         int64  `json:"inFlight"`
	Leases           int64  `json:"leases"`
	Remaining        int64  `json:"remaining"`
	ResetAfterMs     int64  `json:"resetAfterMs"`
	BlockExpiresInMs *int64 `json:"blockExpiresInMs,omitempty"`
}

type ConfigImmutableProblem struct {
	Type         string          `json:"type"`
	Title        string          `json:"title"`
	Status       int64           `json:"status"`
	Detail       string          `json:"detail"`
	Code         string          `json:"code"`
	RequestID    string          `json:"requestId"`
	RetryAfterMs *int64          `json:"retryAfterMs,omitempty"`
	Changes      []RefusedChange `json:"changes"`
}

type ConfigurationSource string

const (
	ConfigurationSourceApi  ConfigurationSource = "api"
	ConfigurationSourceFile ConfigurationSource = "file"
)

type ConfiguredQueue struct {
	Name            string              `json:"name"`
	VisibilityMs    int64               `json:"visibilityMs"`
	MaxFailures     int64               `json:"maxFailures"`
	Capacity        int64               `json:"capacity"`
	MaxBytes        int64               `json:"maxBytes"`
	MaxMessageBytes int64               `json:"maxMessageBytes"`
	RetentionMs     int64               `json:"retentionMs"`
	DeadRetentionMs int64               `json:"deadRetentionMs"`
	DeadCapacity    int64               `json:"deadCapacity"`
	DedupWindowMs   int64               `json:"dedupWindowMs"`
	Paused          bool                `json:"paused"`
	Backoff         QueueBackoff        `json:"backoff"`
	Version         int64               `json:"version"`
	Source          ConfigurationSource `json:"source"`
}

type ConfiguredStream struct {
	Name          string              `json:"name"`
	Capacity      int64               `json:"capacity"`
	MaxBytes      int64               `json:"maxBytes"`
	WhenFull      StreamWhenFull      `json:"whenFull"`
	MaxEntryBytes int64               `json:"maxEntryBytes"`
	MaxAgeMs      int64               `json:"maxAgeMs"`
	Version       int64               `json:"version"`
	Source        ConfigurationSource `json:"source"`
}

type Counter struct {
	Value       string `json:"value"`
	ExpiresInMs int64  `json:"expiresInMs"`
}

type CounterNumber = Number

type CounterValue struct {
	Value string `json:"value"`
}

type CountingAlgorithm string

const (
	CountingAlgorithmGcra          CountingAlgorithm = "gcra"
	CountingAlgorithmTokenBucket   CountingAlgorithm = "token-bucket"
	CountingAlgorithmFixedWindow   CountingAlgorithm = "fixed-window"
	CountingAlgorithmSlidingWindow CountingAlgorithm = "sliding-window"
	CountingAlgorithmSlidingLog    CountingAlgorithm = "sliding-log"
	CountingAlgorithmLeakyBucket   CountingAlgorithm = "leaky-bucket"
)

type CurrentSeason struct {
	ID     string  `json:"id"`
	EndsAt *string `json:"endsAt,omitempty"`
	Closed bool    `json:"closed"`
	Total  int64   `json:"total"`
}

type DeadStreamEntry struct {
	ID         string             `json:"id"`
	AppendedAt string             `json:"appendedAt"`
	Event      string             `json:"event"`
	Data       any                `json:"data"`
	Encoding   StreamDataEncoding `json:"encoding"`
	Deliveries int64              `json:"deliveries"`
	Failures   int64              `json:"failures"`
	DiedAt     string             `json:"diedAt"`
	Error      *string            `json:"error,omitempty"`
}

type DeadStreamEntryList struct {
	Items      []DeadStreamEntry `json:"items"`
	NextCursor *int64            `json:"nextCursor,omitempty"`
}

type DeleteEntryQuery struct {
	Season *string `json:"season,omitempty"`
}

type DeleteManyRequest struct {
	Keys []string `json:"keys"`
}

type DeleteManyResult struct {
	Key          string           `json:"key"`
	Status       DeleteManyStatus `json:"status"`
	Pending      *int64           `json:"pending,omitempty"`
	Detail       *string          `json:"detail,omitempty"`
	Reason       *string          `json:"reason,omitempty"`
	OriginStatus *int64           `json:"originStatus,omitempty"`
	OriginBody   *string          `json:"originBody,omitempty"`
}

type DeleteManyResults struct {
	Results []DeleteManyResult `json:"results"`
}

type DeleteManyStatus string

const (
	DeleteManyStatusDeleted           DeleteManyStatus = "deleted"
	DeleteManyStatusOutboxPending     DeleteManyStatus = "outbox-pending"
	DeleteManyStatusWriteRefused      DeleteManyStatus = "write-refused"
	DeleteManyStatusOriginFailed      DeleteManyStatus = "origin-failed"
	DeleteManyStatusOriginUnavailable DeleteManyStatus = "origin-unavailable"
	DeleteManyStatusInvalidRequest    DeleteManyStatus = "invalid-request"
	DeleteManyStatusOutboxFull        DeleteManyStatus = "outbox-full"
	DeleteManyStatusStoreUnavailable  DeleteManyStatus = "store-unavailable"
	DeleteManyStatusOutcomeUnknown    DeleteManyStatus = "outcome-unknown"
	DeleteManyStatusStoreFull         DeleteManyStatus = "store-full"
	DeleteManyStatusStoreNotReady     DeleteManyStatus = "store-not-ready"
	DeleteManyStatusNotReplicated     DeleteManyStatus = "not-replicated"
)

type DeniedSubject struct {
	Key     string `json:"key"`
	Denials int64  `json:"denials"`
	Error   int64  `json:"error"`
}

type DenyStatus string

const (
	DenyStatusTooManyRequests DenyStatus = "too-many-requests"
	DenyStatusForbidden       DenyStatus = "forbidden"
)

type DiscardDeadLettersRequest struct {
	Ids []string `json:"ids"`
}

type DiscardedCacheWrites struct {
	Discarded int64 `json:"discarded"`
}

type DiscardedDeadLetters struct {
	Discarded int64 `json:"discarded"`
}

type DowngradeLockRequest struct {
	Token string `json:"token"`
}

type DowngradedLock struct {
	Fence int64    `json:"fence"`
	Mode  LockMode `json:"mode"`
}

type DueCacheWrites struct {
	Due int64 `json:"due"`
}

type EndSessionRequest struct {
	Token string `json:"token"`
}

type EndedLease struct {
	Name   string    `json:"name"`
	Fence  int64     `json:"fence"`
	How    LeaseLoss `json:"how"`
	Reason *string   `json:"reason,omitempty"`
}

type EndedSession struct {
	Ended      bool  `json:"ended"`
	Replayed   *bool `json:"replayed,omitempty"`
	LeaseCount int64 `json:"leaseCount"`
}

type EraseMemberRequest struct {
	Cursor *string `json:"cursor,omitempty"`
}

type ExportLeaderboardQuery struct {
	Season *string `json:"season,omitempty"`
}

type FailedCacheWrite struct {
	Name     string `json:"name"`
	Attempts int64  `json:"attempts"`
	AgeMs    int64  `json:"ageMs"`
	Error    string `json:"error"`
}

type FailedCacheWrites struct {
	Items      []FailedCacheWrite `json:"items"`
	NextCursor *string            `json:"nextCursor,omitempty"`
}

type FenceOutdatedProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	Name         *string `json:"name,omitempty"`
	Fence        *int64  `json:"fence,omitempty"`
	Highest      *int64  `json:"highest,omitempty"`
}

type FencesByName struct {
}

type ForbiddenProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	Scope        *string `json:"scope,omitempty"`
	Name         *string `json:"name,omitempty"`
}

type GetCacheEntryQuery struct {
	Lease  *bool  `json:"lease,omitempty"`
	WaitMs *int64 `json:"waitMs,omitempty"`
}

type GetCacheFieldsQuery struct {
	Names *string `json:"names,omitempty"`
}

type GetConcurrencyUsageQuery struct {
	Key string `json:"key"`
}

type GetEntryQuery struct {
	Season *string `json:"season,omitempty"`
}

type GetManyRequest struct {
	Keys        []string            `json:"keys"`
	Encoding    *CacheValueEncoding `json:"encoding,omitempty"`
	Lease       *bool               `json:"lease,omitempty"`
	LeaseTokens []string            `json:"leaseTokens,omitempty"`
}

type GetManyResult struct {
	Key             string              `json:"key"`
	Status          GetManyStatus       `json:"status"`
	State           *CacheEntryState    `json:"state,omitempty"`
	Kind            *CacheEntryKind     `json:"kind,omitempty"`
	Encoding        *CacheValueEncoding `json:"encoding,omitempty"`
	Value           any                 `json:"value,omitempty"`
	ContentType     *string             `json:"contentType,omitempty"`
	ContentEncoding *string             `json:"contentEncoding,omitempty"`
	ETag            *string             `json:"etag,omitempty"`
	AgeMs           *int64              `json:"ageMs,omitempty"`
	ExpiresInMs     *int64              `json:"expiresInMs,omitempty"`
	Lease           *CacheLease         `json:"lease,omitempty"`
	Detail          *string             `json:"detail,omitempty"`
	Reason          *string             `json:"reason,omitempty"`
}

type GetManyResults struct {
	Results []GetManyResult `json:"results"`
}

type GetManyStatus string

const (
	GetManyStatusHit               GetManyStatus = "hit"
	GetManyStatusCacheMiss         GetManyStatus = "cache-miss"
	GetManyStatusKindMismatch      GetManyStatus = "kind-mismatch"
	GetManyStatusDeferred          GetManyStatus = "deferred"
	GetManyStatusOriginFailed      GetManyStatus = "origin-failed"
	GetManyStatusOriginUnavailable GetManyStatus = "origin-unavailable"
	GetManyStatusStoreUnavailable  GetManyStatus = "store-unavailable"
	GetManyStatusOutcomeUnknown    GetManyStatus = "outcome-unknown"
	GetManyStatusStoreFull         GetManyStatus = "store-full"
	GetManyStatusStoreNotReady     GetManyStatus = "store-not-ready"
	GetManyStatusNotReplicated     GetManyStatus = "not-replicated"
)

type HeldLock struct {
	Name        string    `json:"name"`
	Token       string    `json:"token"`
	Fence       int64     `json:"fence"`
	Mode        *LockMode `json:"mode,omitempty"`
	WaitedMs    *int64    `json:"waitedMs,omitempty"`
	HoldCount   *int64    `json:"holdCount,omitempty"`
	ExpiresInMs int64     `json:"expiresInMs"`
	ElapsedMs   int64     `json:"elapsedMs"`
}

type HideMemberRequest struct {
	Member string `json:"member"`
}

type HoldAcquiredEvent struct {
	Event HoldAcquiredEventName `json:"event"`
	Data  HeldLock              `json:"data"`
}

type HoldAcquiredEventName string

const (
	HoldAcquiredEventNameAcquired HoldAcquiredEventName = "acquired"
)

type HoldDetachEvent struct {
	Event HoldDetachEventName `json:"event"`
	Data  HoldDetached        `json:"data"`
}

type HoldDetachEventName string

const (
	HoldDetachEventNameDetach HoldDetachEventName = "detach"
)

type HoldDetached struct {
	Token       string `json:"token"`
	Fence       int64  `json:"fence"`
	ExpiresInMs int64  `json:"expiresInMs"`
	ElapsedMs   int64  `json:"elapsedMs"`
}

type HoldLoss struct {
	Reason HoldLossReason `json:"reason"`
}

type HoldLossReason string

const (
	HoldLossReasonExpired          HoldLossReason = "expired"
	HoldLossReasonReleased         HoldLossReason = "released"
	HoldLossReasonRevoked          HoldLossReason = "revoked"
	HoldLossReasonNotOwner         HoldLossReason = "not-owner"
	HoldLossReasonStoreUnavailable HoldLossReason = "store-unavailable"
)

type HoldLostEvent struct {
	Event HoldLostEventName `json:"event"`
	Data  HoldLoss          `json:"data"`
}

type HoldLostEventName string

const (
	HoldLostEventNameLost HoldLostEventName = "lost"
)

type HoldPing struct {
	ExpiresInMs int64 `json:"expiresInMs"`
	ElapsedMs   int64 `json:"elapsedMs"`
}

type HoldPingEvent struct {
	Event HoldPingEventName `json:"event"`
	Data  HoldPing          `json:"data"`
}

type HoldPingEventName string

const (
	HoldPingEventNamePing HoldPingEventName = "ping"
)

type HoldRevokeEvent struct {
	Event HoldRevokeEventName `json:"event"`
	Data  RevokeNotice        `json:"data"`
}

type HoldRevokeEventName string

const (
	HoldRevokeEventNameRevokeRequested HoldRevokeEventName = "revoke-requested"
)

type HotCacheKey struct {
	Key   string `json:"key"`
	Reads int64  `json:"reads"`
	Error int64  `json:"error"`
}

type HotCacheKeyList struct {
	Items      []HotCacheKey `json:"items"`
	HalfLifeMs int64         `json:"halfLifeMs"`
}

type IncrementCounterRequest struct {
	By      *CounterNumber `json:"by,omitempty"`
	Initial *CounterNumber `json:"initial,omitempty"`
	TTLMs   *int64         `json:"ttlMs,omitempty"`
}

type InvalidRequestProblem struct {
	Type         string         `json:"type"`
	Title        string         `json:"title"`
	Status       int64          `json:"status"`
	Detail       string         `json:"detail"`
	Code         string         `json:"code"`
	RequestID    string         `json:"requestId"`
	RetryAfterMs *int64         `json:"retryAfterMs,omitempty"`
	Errors       []RequestFault `json:"errors,omitempty"`
}

type InvalidateCacheRequest struct {
	Keys []string          `json:"keys,omitempty"`
	Tags []string          `json:"tags,omitempty"`
	All  *bool             `json:"all,omitempty"`
	Mode *InvalidationMode `json:"mode,omitempty"`
}

type InvalidationMode string

const (
	InvalidationModeSoft InvalidationMode = "soft"
	InvalidationModeHard InvalidationMode = "hard"
)

type KeepSessionRequest struct {
	Token string `json:"token"`
}

type KeptSession struct {
	ExpiresInMs int64               `json:"expiresInMs"`
	LeaseCount  int64               `json:"leaseCount"`
	Revoke      []LeaseRevokeNotice `json:"revoke,omitempty"`
	Ended       []EndedLease        `json:"ended,omitempty"`
}

type KindMismatchProblem struct {
	Type         string         `json:"type"`
	Title        string         `json:"title"`
	Status       int64          `json:"status"`
	Detail       string         `json:"detail"`
	Code         string         `json:"code"`
	RequestID    string         `json:"requestId"`
	RetryAfterMs *int64         `json:"retryAfterMs,omitempty"`
	Kind         CacheEntryKind `json:"kind"`
}

type L1Eviction string

const (
	L1EvictionLru L1Eviction = "lru"
	L1EvictionLfu L1Eviction = "lfu"
	L1EvictionTTL L1Eviction = "ttl"
)

type L1Settings struct {
	Enabled    *bool       `json:"enabled,omitempty"`
	Eviction   *L1Eviction `json:"eviction,omitempty"`
	MaxEntries *int64      `json:"maxEntries,omitempty"`
	MaxBytes   *int64      `json:"maxBytes,omitempty"`
	TTLMs      *int64      `json:"ttlMs,omitempty"`
	OutageMs   *int64      `json:"outageMs,omitempty"`
}

type LastLeaseEnd struct {
	How   LeaseEnd `json:"how"`
	Fence int64    `json:"fence"`
	AgoMs int64    `json:"agoMs"`
}

type Leaderboard struct {
	Name          string              `json:"name"`
	Columns       []LeaderboardColumn `json:"columns,omitempty"`
	Op            *ScoreOperation     `json:"op,omitempty"`
	Ties          *TieOrder           `json:"ties,omitempty"`
	Ranking       *Ranking            `json:"ranking,omitempty"`
	Season        *SeasonSettings     `json:"season,omitempty"`
	MaxMembers    *int64              `json:"maxMembers,omitempty"`
	Bounds        LeaderboardBounds   `json:"bounds,omitempty"`
	MemberTTLMs   *int64              `json:"memberTtlMs,omitempty"`
	TTLMs         *int64              `json:"ttlMs,omitempty"`
	Tiers         []LeaderboardTier   `json:"tiers,omitempty"`
	Version       int64               `json:"version"`
	Source        LeaderboardSource   `json:"source"`
	CurrentSeason CurrentSeason       `json:"currentSeason"`
}

type LeaderboardBounds struct {
}

type LeaderboardColumn struct {
	Name  string           `json:"name"`
	Order *ColumnOrder     `json:"order,omitempty"`
	Type  *ColumnType      `json:"type,omitempty"`
	Op    *ColumnOperation `json:"op,omitempty"`
}

type LeaderboardEntry struct {
	Member   string  `json:"member"`
	Score    *Score  `json:"score,omitempty"`
	Scores   []Score `json:"scores,omitempty"`
	Rank     *int64  `json:"rank,omitempty"`
	Position *int64  `json:"position,omitempty"`
	Metadata any     `json:"metadata,omitempty"`
}

type LeaderboardEntryList struct {
	Items      []LeaderboardEntry `json:"items"`
	Total      int64              `json:"total"`
	SeasonID   string             `json:"seasonId"`
	NextCursor *string            `json:"nextCursor,omitempty"`
}

type LeaderboardList struct {
	Items      []LeaderboardName `json:"items"`
	NextCursor *string           `json:"nextCursor,omitempty"`
}

type LeaderboardName struct {
	Name string `json:"name"`
}

type LeaderboardQueryResult struct {
	Items      []QueriedMember   `json:"items,omitempty"`
	NotFound   []string          `json:"notFound,omitempty"`
	Rank       *int64            `json:"rank,omitempty"`
	Position   *int64            `json:"position,omitempty"`
	Percentile *float64          `json:"percentile,omitempty"`
	Entry      *LeaderboardEntry `json:"entry,omitempty"`
	Total      int64             `json:"total"`
	SeasonID   string            `json:"seasonId"`
}

type LeaderboardSeason struct {
	ID     string  `json:"id"`
	EndsAt *string `json:"endsAt,omitempty"`
	Ended  bool    `json:"ended"`
	Total  int64   `json:"total"`
}

type LeaderboardSeasonList struct {
	Items []LeaderboardSeason `json:"items"`
}

type LeaderboardSettings struct {
	Columns     []LeaderboardColumn `json:"columns,omitempty"`
	Op          *ScoreOperation     `json:"op,omitempty"`
	Ties        *TieOrder           `json:"ties,omitempty"`
	Ranking     *Ranking            `json:"ranking,omitempty"`
	Season      *SeasonSettings     `json:"season,omitempty"`
	MaxMembers  *int64              `json:"maxMembers,omitempty"`
	Bounds      LeaderboardBounds   `json:"bounds,omitempty"`
	MemberTTLMs *int64              `json:"memberTtlMs,omitempty"`
	TTLMs       *int64              `json:"ttlMs,omitempty"`
	Tiers       []LeaderboardTier   `json:"tiers,omitempty"`
}

type LeaderboardSource string

const (
	LeaderboardSourceApi      LeaderboardSource = "api"
	LeaderboardSourceTemplate LeaderboardSource = "template"
)

type LeaderboardTier struct {
	Name       string   `json:"name"`
	Top        *int64   `json:"top,omitempty"`
	TopPercent *float64 `json:"topPercent,omitempty"`
	MinScore   *Score   `json:"minScore,omitempty"`
}

type Lease struct {
	Name        string   `json:"name"`
	Token       string   `json:"token"`
	Fence       int64    `json:"fence"`
	Mode        LockMode `json:"mode"`
	ExpiresInMs int64    `json:"expiresInMs"`
	WaitedMs    int64    `json:"waitedMs"`
	HoldCount   int64    `json:"holdCount"`
}

type LeaseEnd string

const (
	LeaseEndExpired  LeaseEnd = "expired"
	LeaseEndReleased LeaseEnd = "released"
	LeaseEndRevoked  LeaseEnd = "revoked"
)

type LeaseEndedProblem struct {
	Type         string   `json:"type"`
	Title        string   `json:"title"`
	Status       int64    `json:"status"`
	Detail       string   `json:"detail"`
	Code         string   `json:"code"`
	RequestID    string   `json:"requestId"`
	RetryAfterMs *int64   `json:"retryAfterMs,omitempty"`
	Fence        *int64   `json:"fence,omitempty"`
	Reason       *string  `json:"reason,omitempty"`
	Lost         []string `json:"lost,omitempty"`
}

type LeaseLoss string

const (
	LeaseLossExpired LeaseLoss = "expired"
	LeaseLossRevoked LeaseLoss = "revoked"
)

type LeaseRevokeNotice struct {
	Name        string `json:"name"`
	Fence       int64  `json:"fence"`
	Reason      string `json:"reason"`
	ExpiresInMs *int64 `json:"expiresInMs,omitempty"`
}

type ListCacheSpacesQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListDeadEntriesQuery struct {
	Limit  *int64 `json:"limit,omitempty"`
	Cursor *int64 `json:"cursor,omitempty"`
}

type ListEntriesAroundQuery struct {
	Count  *int64  `json:"count,omitempty"`
	Season *string `json:"season,omitempty"`
}

type ListEntriesQuery struct {
	From      *int64     `json:"from,omitempty"`
	Limit     *int64     `json:"limit,omitempty"`
	Cursor    *string    `json:"cursor,omitempty"`
	StartWith *StartWith `json:"startWith,omitempty"`
	MinScore  *string    `json:"minScore,omitempty"`
	MaxScore  *string    `json:"maxScore,omitempty"`
	Season    *string    `json:"season,omitempty"`
}

type ListFailedCacheWritesQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListHotCacheKeysQuery struct {
	Limit *int64 `json:"limit,omitempty"`
}

type ListLeaderboardsQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListLocksQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListMemberLeaderboardsQuery struct {
	Cursor *string `json:"cursor,omitempty"`
}

type ListMessagesQuery struct {
	State  *QueueMessageState `json:"state,omitempty"`
	Limit  *int64             `json:"limit,omitempty"`
	Cursor *string            `json:"cursor,omitempty"`
}

type ListQueuesQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListRateLimitBlocksQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListRateLimitOverridesQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListRateLimitPoliciesQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListSemaphoresQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListSessionsQuery struct {
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListStreamsQuery struct {
	Prefix *string `json:"prefix,omitempty"`
	Limit  *int64  `json:"limit,omitempty"`
	Cursor *string `json:"cursor,omitempty"`
}

type ListTopDeniedSubjectsQuery struct {
	Limit *int64 `json:"limit,omitempty"`
}

type ListedQueue struct {
	Name          string      `json:"name"`
	Counts        QueueCounts `json:"counts"`
	Bytes         int64       `json:"bytes"`
	OldestReadyMs *int64      `json:"oldestReadyMs,omitempty"`
	Totals        QueueTotals `json:"totals"`
}

type ListedStream struct {
	Name     string  `json:"name"`
	Length   int64   `json:"length"`
	Bytes    int64   `json:"bytes"`
	Appended int64   `json:"appended"`
	Oldest   *string `json:"oldest,omitempty"`
	Newest   *string `json:"newest,omitempty"`
}

type LoadCount struct {
	Now int64 `json:"now"`
	Max int64 `json:"max"`
}

type LoadDelay struct {
	DelayMs        int64 `json:"delayMs"`
	RefusedPercent int64 `json:"refusedPercent"`
}

type LoadStatus struct {
	Connections LoadCount `json:"connections"`
	Requests    LoadCount `json:"requests"`
	Waiters     LoadCount `json:"waiters"`
	Streams     LoadCount `json:"streams"`
	BodyBytes   LoadCount `json:"bodyBytes"`
	EventLoop   LoadDelay `json:"eventLoop"`
	Redis       LoadDelay `json:"redis"`
}

type Lock struct {
	Name         string        `json:"name"`
	State        LockState     `json:"state"`
	Holders      []LockHolder  `json:"holders"`
	Waiters      []LockWaiter  `json:"waiters"`
	QueueLength  int64         `json:"queueLength"`
	RetryAfterMs *int64        `json:"retryAfterMs,omitempty"`
	LastEnd      *LastLeaseEnd `json:"lastEnd,omitempty"`
	Mode         *LockMode     `json:"mode,omitempty"`
}

type LockChange struct {
	OccurredAt string   `json:"occurredAt"`
	Fence      *int64   `json:"fence,omitempty"`
	Owner      *string  `json:"owner,omitempty"`
	Metadata   Metadata `json:"metadata,omitempty"`
	Reason     *string  `json:"reason,omitempty"`
}

type LockChangeEvent struct {
	Event LockChangeEventName `json:"event"`
	ID    string              `json:"id"`
	Data  LockChange          `json:"data"`
}

type LockChangeEventName string

const (
	LockChangeEventNameQueued   LockChangeEventName = "queued"
	LockChangeEventNameGranted  LockChangeEventName = "granted"
	LockChangeEventNameChanged  LockChangeEventName = "changed"
	LockChangeEventNameReleased LockChangeEventName = "released"
	LockChangeEventNameExpired  LockChangeEventName = "expired"
	LockChangeEventNameRevoked  LockChangeEventName = "revoked"
)

type LockHeldProblem struct {
	Type         string       `json:"type"`
	Title        string       `json:"title"`
	Status       int64        `json:"status"`
	Detail       string       `json:"detail"`
	Code         string       `json:"code"`
	RequestID    string       `json:"requestId"`
	RetryAfterMs *int64       `json:"retryAfterMs,omitempty"`
	Capacity     *int64       `json:"capacity,omitempty"`
	Used         *int64       `json:"used,omitempty"`
	Available    *int64       `json:"available,omitempty"`
	Holders      []LockHolder `json:"holders"`
	HolderCount  int64        `json:"holderCount"`
	QueueLength  int64        `json:"queueLength"`
}

type LockHolder struct {
	Owner           *string  `json:"owner,omitempty"`
	Metadata        Metadata `json:"metadata,omitempty"`
	Fence           int64    `json:"fence"`
	ExpiresInMs     int64    `json:"expiresInMs"`
	HeldMs          int64    `json:"heldMs"`
	Permits         int64    `json:"permits"`
	SessionID       *string  `json:"sessionId,omitempty"`
	SessionMetadata Metadata `json:"sessionMetadata,omitempty"`
}

type LockList struct {
	Items      []LockSummary `json:"items"`
	NextCursor *string       `json:"nextCursor,omitempty"`
}

type LockMode string

const (
	LockModeExclusive LockMode = "exclusive"
	LockModeShared    LockMode = "shared"
)

type LockRevocation struct {
	Revoked int64 `json:"revoked"`
	Asked   int64 `json:"asked"`
}

type LockSetLease struct {
	Token       string       `json:"token"`
	Fences      FencesByName `json:"fences"`
	ExpiresInMs int64        `json:"expiresInMs"`
	WaitedMs    int64        `json:"waitedMs"`
}

type LockState string

const (
	LockStateFree    LockState = "free"
	LockStateHeld    LockState = "held"
	LockStateDelayed LockState = "delayed"
)

type LockStateEvent struct {
	Event LockStateEventName `json:"event"`
	ID    string             `json:"id"`
	Data  Lock               `json:"data"`
}

type LockStateEventName string

const (
	LockStateEventNameWatching LockStateEventName = "watching"
	LockStateEventNameReset    LockStateEventName = "reset"
)

type LockSummary struct {
	Name        string `json:"name"`
	HolderCount int64  `json:"holderCount"`
	QueueLength int64  `json:"queueLength"`
}

type LockVerification struct {
	Current bool  `json:"current"`
	Fence   int64 `json:"fence"`
}

type LockWaiter struct {
	Position int64   `json:"position"`
	Owner    *string `json:"owner,omitempty"`
	WaitedMs int64   `json:"waitedMs"`
}

type MemberErasure struct {
	ErasedCount int64    `json:"erasedCount"`
	Failed      []string `json:"failed,omitempty"`
	NextCursor  *string  `json:"nextCursor,omitempty"`
}

type MemberLeaderboard struct {
	Board      string   `json:"board"`
	Member     string   `json:"member"`
	Score      *Score   `json:"score,omitempty"`
	Scores     []Score  `json:"scores,omitempty"`
	Rank       *int64   `json:"rank,omitempty"`
	Position   *int64   `json:"position,omitempty"`
	Metadata   any      `json:"metadata,omitempty"`
	Percentile *float64 `json:"percentile,omitempty"`
	Tier       *string  `json:"tier,omitempty"`
	Hidden     *bool    `json:"hidden,omitempty"`
	Total      int64    `json:"total"`
	SeasonID   string   `json:"seasonId"`
}

type MemberLeaderboardList struct {
	Items      []MemberLeaderboard `json:"items"`
	Failed     []string            `json:"failed,omitempty"`
	NextCursor *string             `json:"nextCursor,omitempty"`
}

type MemberStanding struct {
	Member     string   `json:"member"`
	Score      *Score   `json:"score,omitempty"`
	Scores     []Score  `json:"scores,omitempty"`
	Rank       *int64   `json:"rank,omitempty"`
	Position   *int64   `json:"position,omitempty"`
	Metadata   any      `json:"metadata,omitempty"`
	Percentile *float64 `json:"percentile,omitempty"`
	Tier       *string  `json:"tier,omitempty"`
	Hidden     *bool    `json:"hidden,omitempty"`
	Total      int64    `json:"total"`
	SeasonID   string   `json:"seasonId"`
}

type MemberVisibility struct {
	Changed bool `json:"changed"`
}

type Metadata struct {
}

type NeighbourList struct {
	Items    []LeaderboardEntry `json:"items"`
	Total    int64              `json:"total"`
	SeasonID string             `json:"seasonId"`
}

type NewStreamEntry struct {
	Event    string              `json:"event"`
	Data     any                 `json:"data"`
	Encoding *StreamDataEncoding `json:"encoding,omitempty"`
}

type NotOwnerProblem struct {
	Type         string   `json:"type"`
	Title        string   `json:"title"`
	Status       int64    `json:"status"`
	Detail       string   `json:"detail"`
	Code         string   `json:"code"`
	RequestID    string   `json:"requestId"`
	RetryAfterMs *int64   `json:"retryAfterMs,omitempty"`
	Lost         []string `json:"lost,omitempty"`
}

type OnDeny string

const (
	OnDenyReport OnDeny = "report"
	OnDenyReject OnDeny = "reject"
)

type OpenSessionRequest struct {
	TTLMs    *int64   `json:"ttlMs,omitempty"`
	Metadata Metadata `json:"metadata,omitempty"`
	Prefix   *string  `json:"prefix,omitempty"`
}

type OpenedSession struct {
	ID          string `json:"id"`
	Token       string `json:"token"`
	TTLMs       int64  `json:"ttlMs"`
	ExpiresInMs int64  `json:"expiresInMs"`
}

type OriginProblem struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int64  `json:"status"`
	Detail       string `json:"detail"`
	Code         string `json:"code"`
	RequestID    string `json:"requestId"`
	RetryAfterMs *int64 `json:"retryAfterMs,omitempty"`
	OriginStatus *int64 `json:"originStatus,omitempty"`
}

type OutgoingQueueMessage struct {
	Body     any                 `json:"body"`
	Encoding *QueueBodyEncoding  `json:"encoding,omitempty"`
	Priority *int64              `json:"priority,omitempty"`
	DelayMs  *int64              `json:"delayMs,omitempty"`
	Group    *string             `json:"group,omitempty"`
	DedupID  *string             `json:"dedupId,omitempty"`
	Headers  QueueMessageHeaders `json:"headers,omitempty"`
}

type PatchCacheFieldsRequest struct {
	Set    *CacheFieldValues     `json:"set,omitempty"`
	Remove *[]string             `json:"remove,omitempty"`
	Incr   *CacheFieldIncrements `json:"incr,omitempty"`
	TTLMs  *int64                `json:"ttlMs,omitempty"`
}

type PatchCacheSpaceRequest struct {
	TTLMs               *int64      `json:"ttlMs,omitempty"`
	StaleMs             *int64      `json:"staleMs,omitempty"`
	ErrorMs             *int64      `json:"errorMs,omitempty"`
	NegativeTTLMs       *int64      `json:"negativeTtlMs,omitempty"`
	IdleMs              *int64      `json:"idleMs,omitempty"`
	Jitter              *float64    `json:"jitter,omitempty"`
	LeaseMs             *int64      `json:"leaseMs,omitempty"`
	MaxLeaseMs          *int64      `json:"maxLeaseMs,omitempty"`
	EarlyRefreshBeta    *float64    `json:"earlyRefreshBeta,omitempty"`
	MaxValueBytes       *int64      `json:"maxValueBytes,omitempty"`
	RequirePrecondition *bool       `json:"requirePrecondition,omitempty"`
	L1                  *L1Settings `json:"l1,omitempty"`
}

type PatchLeaderboardRequest struct {
	Columns     *[]LeaderboardColumn `json:"columns,omitempty"`
	Op          *ScoreOperation      `json:"op,omitempty"`
	Ties        *TieOrder            `json:"ties,omitempty"`
	Ranking     *Ranking             `json:"ranking,omitempty"`
	Season      *SeasonSettings      `json:"season,omitempty"`
	MaxMembers  *int64               `json:"maxMembers,omitempty"`
	Bounds      *LeaderboardBounds   `json:"bounds,omitempty"`
	MemberTTLMs *int64               `json:"memberTtlMs,omitempty"`
	TTLMs       *int64               `json:"ttlMs,omitempty"`
	Tiers       *[]LeaderboardTier   `json:"tiers,omitempty"`
}

type PatchQueueRequest struct {
	VisibilityMs    *int64        `json:"visibilityMs,omitempty"`
	MaxFailures     *int64        `json:"maxFailures,omitempty"`
	Capacity        *int64        `json:"capacity,omitempty"`
	MaxBytes        *int64        `json:"maxBytes,omitempty"`
	MaxMessageBytes *int64        `json:"maxMessageBytes,omitempty"`
	RetentionMs     *int64        `json:"retentionMs,omitempty"`
	DeadRetentionMs *int64        `json:"deadRetentionMs,omitempty"`
	DeadCapacity    *int64        `json:"deadCapacity,omitempty"`
	DedupWindowMs   *int64        `json:"dedupWindowMs,omitempty"`
	Paused          *bool         `json:"paused,omitempty"`
	Backoff         *QueueBackoff `json:"backoff,omitempty"`
}

type PatchRateLimitOverrideRequest struct {
	Limit *int64 `json:"limit,omitempty"`
	Burst *int64 `json:"burst,omitempty"`
	TTLMs *int64 `json:"ttlMs,omitempty"`
}

type PatchRateLimitPolicyRequest struct {
	Algorithm   *RateLimitAlgorithm `json:"algorithm,omitempty"`
	Limit       *int64              `json:"limit,omitempty"`
	WindowMs    *int64              `json:"windowMs,omitempty"`
	Burst       *int64              `json:"burst,omitempty"`
	Align       *WindowAlignment    `json:"align,omitempty"`
	Period      *CalendarPeriod     `json:"period,omitempty"`
	TimeZone    *string             `json:"timeZone,omitempty"`
	AnchorDay   *int64              `json:"anchorDay,omitempty"`
	AnchorMonth *int64              `json:"anchorMonth,omitempty"`
	Buckets     *int64              `json:"buckets,omitempty"`
	Mode        *SlidingWindowMode  `json:"mode,omitempty"`
	MaxDelayMs  *int64              `json:"maxDelayMs,omitempty"`
	LeaseMs     *int64              `json:"leaseMs,omitempty"`
	Shadow      *bool               `json:"shadow,omitempty"`
	Group       *string             `json:"group,omitempty"`
	OnError     *RateLimitOnError   `json:"onError,omitempty"`
	Allow       *[]string           `json:"allow,omitempty"`
	Deny        *[]string           `json:"deny,omitempty"`
	Authz       *AuthzTemplate      `json:"authz,omitempty"`
}

type PatchStreamRequest struct {
	Capacity      *int64          `json:"capacity,omitempty"`
	MaxBytes      *int64          `json:"maxBytes,omitempty"`
	WhenFull      *StreamWhenFull `json:"whenFull,omitempty"`
	MaxEntryBytes *int64          `json:"maxEntryBytes,omitempty"`
	MaxAgeMs      *int64          `json:"maxAgeMs,omitempty"`
}

type PatchedCacheFields struct {
	Created     bool             `json:"created"`
	Incremented CacheFieldValues `json:"incremented"`
}

type PermitLease struct {
	Name        string `json:"name"`
	Token       string `json:"token"`
	Fence       int64  `json:"fence"`
	ExpiresInMs int64  `json:"expiresInMs"`
	WaitedMs    int64  `json:"waitedMs"`
	Permits     int64  `json:"permits"`
}

type PositionLostProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	Missed       *int64  `json:"missed,omitempty"`
	Oldest       *string `json:"oldest,omitempty"`
	Newest       *string `json:"newest,omitempty"`
}

type PreconditionFailedProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	ETag         *string `json:"etag,omitempty"`
}

type ProbeOk struct {
	Status string `json:"status"`
}

type Problem struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int64  `json:"status"`
	Detail       string `json:"detail"`
	Code         string `json:"code"`
	RequestID    string `json:"requestId"`
	RetryAfterMs *int64 `json:"retryAfterMs,omitempty"`
}

type PurgeQueueRequest struct {
	State QueueMessageState `json:"state"`
}

type PurgedQueue struct {
	Purged int64 `json:"purged"`
}

type PutCacheEntryQuery struct {
	TTLMs   *int64 `json:"ttlMs,omitempty"`
	StaleMs *int64 `json:"staleMs,omitempty"`
	ErrorMs *int64 `json:"errorMs,omitempty"`
}

type PutSemaphoreRequest struct {
	Capacity int64 `json:"capacity"`
}

type QueriedMember struct {
	Member     string   `json:"member"`
	Score      *Score   `json:"score,omitempty"`
	Scores     []Score  `json:"scores,omitempty"`
	Rank       *int64   `json:"rank,omitempty"`
	Position   *int64   `json:"position,omitempty"`
	Metadata   any      `json:"metadata,omitempty"`
	Percentile *float64 `json:"percentile,omitempty"`
	Tier       *string  `json:"tier,omitempty"`
	Hidden     *bool    `json:"hidden,omitempty"`
	Place      *int64   `json:"place,omitempty"`
}

type QueryLeaderboardRequest struct {
	Members    []string `json:"members,omitempty"`
	Score      *Score   `json:"score,omitempty"`
	Scores     []Score  `json:"scores,omitempty"`
	Percentile *float64 `json:"percentile,omitempty"`
	Season     *string  `json:"season,omitempty"`
}

type Queue struct {
	Name            string               `json:"name"`
	VisibilityMs    int64                `json:"visibilityMs"`
	MaxFailures     int64                `json:"maxFailures"`
	Capacity        int64                `json:"capacity"`
	MaxBytes        int64                `json:"maxBytes"`
	MaxMessageBytes int64                `json:"maxMessageBytes"`
	RetentionMs     int64                `json:"retentionMs"`
	DeadRetentionMs int64                `json:"deadRetentionMs"`
	DeadCapacity    int64                `json:"deadCapacity"`
	DedupWindowMs   int64                `json:"dedupWindowMs"`
	Paused          bool                 `json:"paused"`
	Backoff         QueueBackoff         `json:"backoff"`
	Version         *int64               `json:"version,omitempty"`
	Source          *ConfigurationSource `json:"source,omitempty"`
	Counts          QueueCounts          `json:"counts"`
	Bytes           int64                `json:"bytes"`
	OldestReadyMs   *int64               `json:"oldestReadyMs,omitempty"`
	Totals          QueueTotals          `json:"totals"`
}

type QueueBackoff struct {
	BaseMs *int64 `json:"baseMs,omitempty"`
	MaxMs  *int64 `json:"maxMs,omitempty"`
}

type QueueBodyEncoding string

const (
	QueueBodyEncodingJson   QueueBodyEncoding = "json"
	QueueBodyEncodingText   QueueBodyEncoding = "text"
	QueueBodyEncodingBase64 QueueBodyEncoding = "base64"
)

type QueueBound string

const (
	QueueBoundCapacity QueueBound = "capacity"
	QueueBoundMaxBytes QueueBound = "maxBytes"
)

type QueueCounts struct {
	Ready   int64 `json:"ready"`
	Delayed int64 `json:"delayed"`
	Leased  int64 `json:"leased"`
	Blocked int64 `json:"blocked"`
	Dead    int64 `json:"dead"`
}

type QueueDelivery struct {
	ID           string              `json:"id"`
	Body         any                 `json:"body"`
	Encoding     QueueBodyEncoding   `json:"encoding"`
	Priority     int64               `json:"priority"`
	Group        *string             `json:"group,omitempty"`
	Headers      QueueMessageHeaders `json:"headers,omitempty"`
	Deliveries   int64               `json:"deliveries"`
	Failures     int64               `json:"failures"`
	SentAt       string              `json:"sentAt"`
	Receipt      string              `json:"receipt"`
	VisibleForMs int64               `json:"visibleForMs"`
}

type QueueExtension struct {
	Receipt      string `json:"receipt"`
	VisibilityMs int64  `json:"visibilityMs"`
}

type QueueFullProblem struct {
	Type         string     `json:"type"`
	Title        string     `json:"title"`
	Status       int64      `json:"status"`
	Detail       string     `json:"detail"`
	Code         string     `json:"code"`
	RequestID    string     `json:"requestId"`
	RetryAfterMs *int64     `json:"retryAfterMs,omitempty"`
	Limit        QueueBound `json:"limit"`
}

type QueueList struct {
	Items      []ListedQueue `json:"items"`
	NextCursor *string       `json:"nextCursor,omitempty"`
}

type QueueMessage struct {
	ID            string              `json:"id"`
	Body          any                 `json:"body"`
	Encoding      QueueBodyEncoding   `json:"encoding"`
	Priority      int64               `json:"priority"`
	Group         *string             `json:"group,omitempty"`
	Headers       QueueMessageHeaders `json:"headers,omitempty"`
	Deliveries    int64               `json:"deliveries"`
	Failures      int64               `json:"failures"`
	SentAt        string              `json:"sentAt"`
	ReadyInMs     *int64              `json:"readyInMs,omitempty"`
	Error         *string             `json:"error,omitempty"`
	FirstFailedAt *string             `json:"firstFailedAt,omitempty"`
	LastFailedAt  *string             `json:"lastFailedAt,omitempty"`
}

type QueueMessageHeaders struct {
}

type QueueMessageList struct {
	Items      []QueueMessage `json:"items"`
	NextCursor *string        `json:"nextCursor,omitempty"`
}

type QueueMessageState string

const (
	QueueMessageStateReady   QueueMessageState = "ready"
	QueueMessageStateDelayed QueueMessageState = "delayed"
	QueueMessageStateLeased  QueueMessageState = "leased"
	QueueMessageStateBlocked QueueMessageState = "blocked"
	QueueMessageStateDead    QueueMessageState = "dead"
)

type QueueNack struct {
	Receipt string  `json:"receipt"`
	DelayMs *int64  `json:"delayMs,omitempty"`
	Error   *string `json:"error,omitempty"`
	Dead    *bool   `json:"dead,omitempty"`
}

type QueueSettings struct {
	VisibilityMs    *int64        `json:"visibilityMs,omitempty"`
	MaxFailures     *int64        `json:"maxFailures,omitempty"`
	Capacity        *int64        `json:"capacity,omitempty"`
	MaxBytes        *int64        `json:"maxBytes,omitempty"`
	MaxMessageBytes *int64        `json:"maxMessageBytes,omitempty"`
	RetentionMs     *int64        `json:"retentionMs,omitempty"`
	DeadRetentionMs *int64        `json:"deadRetentionMs,omitempty"`
	DeadCapacity    *int64        `json:"deadCapacity,omitempty"`
	DedupWindowMs   *int64        `json:"dedupWindowMs,omitempty"`
	Paused          *bool         `json:"paused,omitempty"`
	Backoff         *QueueBackoff `json:"backoff,omitempty"`
}

type QueueSettleStatus string

const (
	QueueSettleStatusAcked    QueueSettleStatus = "acked"
	QueueSettleStatusRetrying QueueSettleStatus = "retrying"
	QueueSettleStatusDead     QueueSettleStatus = "dead"
	QueueSettleStatusExtended QueueSettleStatus = "extended"
	QueueSettleStatusReleased QueueSettleStatus = "released"
	QueueSettleStatusStale    QueueSettleStatus = "stale"
	QueueSettleStatusGone     QueueSettleStatus = "gone"
)

type QueueTotals struct {
	Sent       int64 `json:"sent"`
	Duplicates int64 `json:"duplicates"`
	Delivered  int64 `json:"delivered"`
	Acked      int64 `json:"acked"`
	Retried    int64 `json:"retried"`
	TimedOut   int64 `json:"timedOut"`
	Released   int64 `json:"released"`
	Expired    int64 `json:"expired"`
	Dead       int64 `json:"dead"`
	Dropped    int64 `json:"dropped"`
	Discarded  int64 `json:"discarded"`
}

type Ranking string

const (
	RankingCompetition Ranking = "competition"
	RankingDense       Ranking = "dense"
	RankingOrdinal     Ranking = "ordinal"
	RankingModified    Ranking = "modified"
)

type RateLimitAlgorithm string

const (
	RateLimitAlgorithmGcra          RateLimitAlgorithm = "gcra"
	RateLimitAlgorithmTokenBucket   RateLimitAlgorithm = "token-bucket"
	RateLimitAlgorithmFixedWindow   RateLimitAlgorithm = "fixed-window"
	RateLimitAlgorithmSlidingWindow RateLimitAlgorithm = "sliding-window"
	RateLimitAlgorithmSlidingLog    RateLimitAlgorithm = "sliding-log"
	RateLimitAlgorithmLeakyBucket   RateLimitAlgorithm = "leaky-bucket"
	RateLimitAlgorithmConcurrency   RateLimitAlgorithm = "concurrency"
)

type RateLimitBlock struct {
	Policy      string `json:"policy"`
	Key         string `json:"key"`
	ExpiresInMs int64  `json:"expiresInMs"`
}

type RateLimitBlockChange struct {
	Policy      string `json:"policy"`
	Key         string `json:"key"`
	ExpiresInMs int64  `json:"expiresInMs"`
	Changed     bool   `json:"changed"`
}

type RateLimitBlockList struct {
	Items      []RateLimitBlock `json:"items"`
	NextCursor *string          `json:"nextCursor,omitempty"`
}

type RateLimitCheckMode string

const (
	RateLimitCheckModeAll  RateLimitCheckMode = "all"
	RateLimitCheckModeEach RateLimitCheckMode = "each"
)

type RateLimitDecision struct {
	Allowed      bool              `json:"allowed"`
	RetryAfterMs *int64            `json:"retryAfterMs,omitempty"`
	Remaining    int64             `json:"remaining"`
	Results      []RateLimitResult `json:"results"`
}

type RateLimitDegradation string

const (
	RateLimitDegradationOpen  RateLimitDegradation = "open"
	RateLimitDegradationLocal RateLimitDegradation = "local"
)

type RateLimitListing string

const (
	RateLimitListingAllow RateLimitListing = "allow"
	RateLimitListingDeny  RateLimitListing = "deny"
)

type RateLimitOnError string

const (
	RateLimitOnErrorOpen   RateLimitOnError = "open"
	RateLimitOnErrorClosed RateLimitOnError = "closed"
	RateLimitOnErrorLocal  RateLimitOnError = "local"
)

type RateLimitOverride struct {
	Policy      string `json:"policy"`
	Key         string `json:"key"`
	Limit       int64  `json:"limit"`
	Burst       *int64 `json:"burst,omitempty"`
	ExpiresInMs *int64 `json:"expiresInMs,omitempty"`
	Version     int64  `json:"version"`
}

type RateLimitOverrideList struct {
	Items      []RateLimitOverride `json:"items"`
	NextCursor *string             `json:"nextCursor,omitempty"`
}

type RateLimitOverrideSettings struct {
	Limit int64  `json:"limit"`
	Burst *int64 `json:"burst,omitempty"`
	TTLMs *int64 `json:"ttlMs,omitempty"`
}

type RateLimitPolicy struct {
	Name           string              `json:"name"`
	Algorithm      *RateLimitAlgorithm `json:"algorithm,omitempty"`
	Limit          int64               `json:"limit"`
	WindowMs       *int64              `json:"windowMs,omitempty"`
	Burst          *int64              `json:"burst,omitempty"`
	Align          *WindowAlignment    `json:"align,omitempty"`
	Period         *CalendarPeriod     `json:"period,omitempty"`
	TimeZone       *string             `json:"timeZone,omitempty"`
	AnchorDay      *int64              `json:"anchorDay,omitempty"`
	AnchorMonth    *int64              `json:"anchorMonth,omitempty"`
	Buckets        *int64              `json:"buckets,omitempty"`
	Mode           *SlidingWindowMode  `json:"mode,omitempty"`
	MaxDelayMs     *int64              `json:"maxDelayMs,omitempty"`
	LeaseMs        *int64              `json:"leaseMs,omitempty"`
	Shadow         *bool               `json:"shadow,omitempty"`
	Group          *string             `json:"group,omitempty"`
	OnError        *RateLimitOnError   `json:"onError,omitempty"`
	Allow          []string            `json:"allow,omitempty"`
	Deny           []string            `json:"deny,omitempty"`
	Authz          *AuthzTemplate      `json:"authz,omitempty"`
	Version        int64               `json:"version"`
	MaxInAnyWindow int64               `json:"maxInAnyWindow"`
	Source         ConfigurationSource `json:"source"`
	Findings       []string            `json:"findings,omitempty"`
}

type RateLimitPolicyList struct {
	Items      []RateLimitPolicy `json:"items"`
	NextCursor *string           `json:"nextCursor,omitempty"`
}

type RateLimitPolicySettings struct {
	Algorithm   *RateLimitAlgorithm `json:"algorithm,omitempty"`
	Limit       int64               `json:"limit"`
	WindowMs    *int64              `json:"windowMs,omitempty"`
	Burst       *int64              `json:"burst,omitempty"`
	Align       *WindowAlignment    `json:"align,omitempty"`
	Period      *CalendarPeriod     `json:"period,omitempty"`
	TimeZone    *string             `json:"timeZone,omitempty"`
	AnchorDay   *int64              `json:"anchorDay,omitempty"`
	AnchorMonth *int64              `json:"anchorMonth,omitempty"`
	Buckets     *int64              `json:"buckets,omitempty"`
	Mode        *SlidingWindowMode  `json:"mode,omitempty"`
	MaxDelayMs  *int64              `json:"maxDelayMs,omitempty"`
	LeaseMs     *int64              `json:"leaseMs,omitempty"`
	Shadow      *bool               `json:"shadow,omitempty"`
	Group       *string             `json:"group,omitempty"`
	OnError     *RateLimitOnError   `json:"onError,omitempty"`
	Allow       []string            `json:"allow,omitempty"`
	Deny        []string            `json:"deny,omitempty"`
	Authz       *AuthzTemplate      `json:"authz,omitempty"`
}

type RateLimitRefund struct {
	Policy       string `json:"policy"`
	Key          string `json:"key"`
	Refunded     int64  `json:"refunded"`
	Limit        int64  `json:"limit"`
	Remaining    int64  `json:"remaining"`
	ResetAfterMs int64  `json:"resetAfterMs"`
}

type RateLimitReservation struct {
	Allowed      bool              `json:"allowed"`
	RetryAfterMs *int64            `json:"retryAfterMs,omitempty"`
	Remaining    int64             `json:"remaining"`
	Results      []RateLimitResult `json:"results"`
	Token        *string           `json:"token,omitempty"`
	ExpiresInMs  *int64            `json:"expiresInMs,omitempty"`
}

type RateLimitResult struct {
	Policy        string                `json:"policy"`
	Key           string                `json:"key"`
	Allowed       bool                  `json:"allowed"`
	Limit         int64                 `json:"limit"`
	Remaining     int64                 `json:"remaining"`
	ResetAfterMs  int64                 `json:"resetAfterMs"`
	RetryAfterMs  *int64                `json:"retryAfterMs,omitempty"`
	DelayMs       int64                 `json:"delayMs"`
	Granted       int64                 `json:"granted"`
	Unsatisfiable bool                  `json:"unsatisfiable"`
	Blocked       *bool                 `json:"blocked,omitempty"`
	Listed        *RateLimitListing     `json:"listed,omitempty"`
	Shadow        *bool                 `json:"shadow,omitempty"`
	TakenAt       string                `json:"takenAt"`
	Degraded      *RateLimitDegradation `json:"degraded,omitempty"`
}

type RateLimitSubjectChange struct {
	Policy  string `json:"policy"`
	Key     string `json:"key"`
	Changed bool   `json:"changed"`
}

type RateLimitSubjectRequest struct {
	Key *string `json:"key,omitempty"`
}

type RateLimitTake string

const (
	RateLimitTakeExact RateLimitTake = "exact"
	RateLimitTakeUpTo  RateLimitTake = "up-to"
)

type RateLimitedProblem struct {
	Type         string            `json:"type"`
	Title        string            `json:"title"`
	Status       int64             `json:"status"`
	Detail       string            `json:"detail"`
	Code         string            `json:"code"`
	RequestID    string            `json:"requestId"`
	RetryAfterMs *int64            `json:"retryAfterMs,omitempty"`
	Remaining    int64             `json:"remaining"`
	Results      []RateLimitResult `json:"results"`
}

type ReadStreamQuery struct {
	After  *string      `json:"after,omitempty"`
	Before *string      `json:"before,omitempty"`
	Order  *StreamOrder `json:"order,omitempty"`
	Limit  *int64       `json:"limit,omitempty"`
	Reader *string      `json:"reader,omitempty"`
	WaitMs *int64       `json:"waitMs,omitempty"`
}

type ReceiveEntriesRequest struct {
	Limit        *int64 `json:"limit,omitempty"`
	VisibilityMs *int64 `json:"visibilityMs,omitempty"`
	WaitMs       *int64 `json:"waitMs,omitempty"`
}

type ReceiveMessagesRequest struct {
	Limit        *int64 `json:"limit,omitempty"`
	VisibilityMs *int64 `json:"visibilityMs,omitempty"`
	WaitMs       *int64 `json:"waitMs,omitempty"`
}

type ReceivedEntries struct {
	Items []StreamDelivery `json:"items"`
}

type ReceivedMessages struct {
	Items []QueueDelivery `json:"items"`
}

type RedisMode string

const (
	RedisModeSingle   RedisMode = "single"
	RedisModeSentinel RedisMode = "sentinel"
	RedisModeCluster  RedisMode = "cluster"
)

type RedisPersistence string

const (
	RedisPersistenceNone    RedisPersistence = "none"
	RedisPersistenceRdb     RedisPersistence = "rdb"
	RedisPersistenceAof     RedisPersistence = "aof"
	RedisPersistenceRdbAof  RedisPersistence = "rdb-aof"
	RedisPersistenceUnknown RedisPersistence = "unknown"
)

type RedisStatus struct {
	Up              bool              `json:"up"`
	Reason          *string           `json:"reason,omitempty"`
	Version         *string           `json:"version,omitempty"`
	Mode            *RedisMode        `json:"mode,omitempty"`
	Persistence     *RedisPersistence `json:"persistence,omitempty"`
	EvictionPolicy  *string           `json:"evictionPolicy,omitempty"`
	MaxMemoryBytes  *int64            `json:"maxMemoryBytes,omitempty"`
	UsedMemoryBytes *int64            `json:"usedMemoryBytes,omitempty"`
	Replicas        *int64            `json:"replicas,omitempty"`
	NeedsReplicas   *bool             `json:"needsReplicas,omitempty"`
	Findings        []string          `json:"findings"`
}

type RedriveDeadLettersRequest struct {
	Ids   []string `json:"ids,omitempty"`
	Count *int64   `json:"count,omitempty"`
}

type RedrivenDeadLetters struct {
	Redriven int64 `json:"redriven"`
	Full     bool  `json:"full"`
}

type RefundRateLimitRequest struct {
	Key          *string `json:"key,omitempty"`
	Cost         *int64  `json:"cost,omitempty"`
	TakenAt      *string `json:"takenAt,omitempty"`
	ResetAfterMs *int64  `json:"resetAfterMs,omitempty"`
}

type RefusedChange struct {
	Setting string `json:"setting"`
	Present any    `json:"present,omitempty"`
	Wanted  any    `json:"wanted,omitempty"`
}

type ReleaseLeaseRequest struct {
	Token string `json:"token"`
}

type ReleaseLockSetRequest struct {
	Names []string `json:"names"`
	Token string   `json:"token"`
}

type ReleasedLease struct {
	Released bool   `json:"released"`
	Replayed *bool  `json:"replayed,omitempty"`
	Fence    int64  `json:"fence"`
	HeldMs   *int64 `json:"heldMs,omitempty"`
}

type ReleasedLockSet struct {
	Released bool         `json:"released"`
	Replayed *bool        `json:"replayed,omitempty"`
	Fences   FencesByName `json:"fences,omitempty"`
	HeldMs   *int64       `json:"heldMs,omitempty"`
}

type RenewCacheLeaseRequest struct {
	Token   string `json:"token"`
	LeaseMs *int64 `json:"leaseMs,omitempty"`
}

type RenewLeaseRequest struct {
	Token string `json:"token"`
	TTLMs *int64 `json:"ttlMs,omitempty"`
}

type RenewLockSetRequest struct {
	Names []string `json:"names"`
	Token string   `json:"token"`
	TTLMs *int64   `json:"ttlMs,omitempty"`
}

type RenewedCacheLease struct {
	ExpiresInMs int64 `json:"expiresInMs"`
}

type RenewedLease struct {
	Fence       int64         `json:"fence"`
	ExpiresInMs int64         `json:"expiresInMs"`
	Revoke      *RevokeNotice `json:"revoke,omitempty"`
}

type RenewedLockSet struct {
	Fences      FencesByName `json:"fences"`
	ExpiresInMs int64        `json:"expiresInMs"`
}

type RequestFault struct {
	In      RequestPart `json:"in"`
	Pointer string      `json:"pointer"`
	Detail  string      `json:"detail"`
}

type RequestPart string

const (
	RequestPartBody   RequestPart = "body"
	RequestPartQuery  RequestPart = "query"
	RequestPartPath   RequestPart = "path"
	RequestPartHeader RequestPart = "header"
)

type RequestedRateLimit struct {
	Policy      *string            `json:"policy,omitempty"`
	Name        *string            `json:"name,omitempty"`
	Algorithm   *CountingAlgorithm `json:"algorithm,omitempty"`
	Limit       *int64             `json:"limit,omitempty"`
	WindowMs    *int64             `json:"windowMs,omitempty"`
	Burst       *int64             `json:"burst,omitempty"`
	Align       *WindowAlignment   `json:"align,omitempty"`
	Period      *CalendarPeriod    `json:"period,omitempty"`
	TimeZone    *string            `json:"timeZone,omitempty"`
	AnchorDay   *int64             `json:"anchorDay,omitempty"`
	AnchorMonth *int64             `json:"anchorMonth,omitempty"`
	Buckets     *int64             `json:"buckets,omitempty"`
	Mode        *SlidingWindowMode `json:"mode,omitempty"`
	MaxDelayMs  *int64             `json:"maxDelayMs,omitempty"`
	Shadow      *bool              `json:"shadow,omitempty"`
	Group       *string            `json:"group,omitempty"`
	OnError     *RateLimitOnError  `json:"onError,omitempty"`
	Key         string             `json:"key"`
	Cost        *int64             `json:"cost,omitempty"`
}

type ReserveRateLimitQuery struct {
	OnDeny *OnDeny `json:"onDeny,omitempty"`
}

type ReserveRateLimitRequest struct {
	Key   *string `json:"key,omitempty"`
	Cost  *int64  `json:"cost,omitempty"`
	TTLMs *int64  `json:"ttlMs,omitempty"`
}

type RevokeLockRequest struct {
	Reason         string `json:"reason"`
	GraceMs        *int64 `json:"graceMs,omitempty"`
	Force          *bool  `json:"force,omitempty"`
	Fence          *int64 `json:"fence,omitempty"`
	ClearLockDelay *bool  `json:"clearLockDelay,omitempty"`
}

type RevokeNotice struct {
	Reason      string `json:"reason"`
	ExpiresInMs *int64 `json:"expiresInMs,omitempty"`
}

type Score = Number

type ScoreError string

const (
	ScoreErrorOutOfRange          ScoreError = "out-of-range"
	ScoreErrorStaleSequence       ScoreError = "stale-sequence"
	ScoreErrorInvalidRequest      ScoreError = "invalid-request"
	ScoreErrorSeasonClosed        ScoreError = "season-closed"
	ScoreErrorIdempotencyConflict ScoreError = "idempotency-conflict"
	ScoreErrorFenceOutdated       ScoreError = "fence-outdated"
)

type ScoreOperation string

const (
	ScoreOperationBest ScoreOperation = "best"
	ScoreOperationSet  ScoreOperation = "set"
	ScoreOperationIncr ScoreOperation = "incr"
	ScoreOperationMin  ScoreOperation = "min"
	ScoreOperationMax  ScoreOperation = "max"
)

type ScoreResult struct {
	Member       string      `json:"member"`
	Changed      bool        `json:"changed"`
	PersonalBest bool        `json:"personalBest"`
	Score        *Score      `json:"score,omitempty"`
	Scores       []Score     `json:"scores,omitempty"`
	Rank         *int64      `json:"rank,omitempty"`
	PreviousRank *int64      `json:"previousRank,omitempty"`
	Position     *int64      `json:"position,omitempty"`
	Total        *int64      `json:"total,omitempty"`
	Percentile   *float64    `json:"percentile,omitempty"`
	SeasonID     *string     `json:"seasonId,omitempty"`
	Dropped      *bool       `json:"dropped,omitempty"`
	Error        *ScoreError `json:"error,omitempty"`
}

type ScoreResults struct {
	Results []ScoreResult `json:"results"`
}

type ScoreSubmission struct {
	Member   string          `json:"member"`
	Score    *Score          `json:"score,omitempty"`
	Scores   []Score         `json:"scores,omitempty"`
	Op       *ScoreOperation `json:"op,omitempty"`
	IfSeq    *int64          `json:"ifSeq,omitempty"`
	Metadata Metadata        `json:"metadata,omitempty"`
}

type SeasonClosure struct {
	SeasonID string `json:"seasonId"`
	Changed  bool   `json:"changed"`
}

type SeasonSchedule = any

type SeasonSettings struct {
	Every    *SeasonSchedule `json:"every,omitempty"`
	TimeZone *string         `json:"timeZone,omitempty"`
	Keep     *int64          `json:"keep,omitempty"`
}

type SeekGroupRequest struct {
	To string `json:"to"`
}

type Semaphore struct {
	Name         string        `json:"name"`
	Capacity     *int64        `json:"capacity,omitempty"`
	Used         *int64        `json:"used,omitempty"`
	Available    *int64        `json:"available,omitempty"`
	Version      *int64        `json:"version,omitempty"`
	State        LockState     `json:"state"`
	Holders      []LockHolder  `json:"holders"`
	Waiters      []LockWaiter  `json:"waiters"`
	QueueLength  int64         `json:"queueLength"`
	RetryAfterMs *int64        `json:"retryAfterMs,omitempty"`
	LastEnd      *LastLeaseEnd `json:"lastEnd,omitempty"`
}

type SemaphoreList struct {
	Items      []SemaphoreSummary `json:"items"`
	NextCursor *string            `json:"nextCursor,omitempty"`
}

type SemaphoreSummary struct {
	Name        string `json:"name"`
	HolderCount int64  `json:"holderCount"`
	QueueLength int64  `json:"queueLength"`
	Capacity    *int64 `json:"capacity,omitempty"`
	Used        *int64 `json:"used,omitempty"`
	Available   *int64 `json:"available,omitempty"`
}

type SendMessagesRequest struct {
	Messages []OutgoingQueueMessage `json:"messages"`
}

type SentMessage struct {
	ID        string `json:"id"`
	Duplicate bool   `json:"duplicate"`
}

type SentMessages struct {
	Messages []SentMessage `json:"messages"`
	Ready    int64         `json:"ready"`
}

type ServiceStatus struct {
	Version    string       `json:"version"`
	UptimeMs   int64        `json:"uptimeMs"`
	Load       LoadStatus   `json:"load"`
	Redis      RedisStatus  `json:"redis"`
	CacheRedis *RedisStatus `json:"cacheRedis,omitempty"`
}

type Session struct {
	ID          string   `json:"id"`
	TTLMs       int64    `json:"ttlMs"`
	ExpiresInMs int64    `json:"expiresInMs"`
	LeaseCount  int64    `json:"leaseCount"`
	Metadata    Metadata `json:"metadata,omitempty"`
	Names       []string `json:"names"`
}

type SessionList struct {
	Items      []SessionSummary `json:"items"`
	NextCursor *string          `json:"nextCursor,omitempty"`
}

type SessionSummary struct {
	ID          string   `json:"id"`
	TTLMs       int64    `json:"ttlMs"`
	ExpiresInMs int64    `json:"expiresInMs"`
	LeaseCount  int64    `json:"leaseCount"`
	Metadata    Metadata `json:"metadata,omitempty"`
}

type SetLeaseMetadataRequest struct {
	Token    string   `json:"token"`
	Metadata Metadata `json:"metadata"`
}

type SetLockSetMetadataRequest struct {
	Names    []string `json:"names"`
	Token    string   `json:"token"`
	Metadata Metadata `json:"metadata"`
}

type SetManyEntry struct {
	Key         string              `json:"key"`
	Value       any                 `json:"value,omitempty"`
	Encoding    *CacheValueEncoding `json:"encoding,omitempty"`
	ContentType *string             `json:"contentType,omitempty"`
	TTLMs       *int64              `json:"ttlMs,omitempty"`
	StaleMs     *int64              `json:"staleMs,omitempty"`
	ErrorMs     *int64              `json:"errorMs,omitempty"`
	Tags        []string            `json:"tags,omitempty"`
	LeaseToken  *string             `json:"leaseToken,omitempty"`
	IfMatch     *string             `json:"ifMatch,omitempty"`
	IfNoneMatch *string             `json:"ifNoneMatch,omitempty"`
	IfFence     *string             `json:"ifFence,omitempty"`
	Negative    *bool               `json:"negative,omitempty"`
}

type SetManyRequest struct {
	Entries []SetManyEntry `json:"entries"`
}

type SetManyResult struct {
	Key          string        `json:"key"`
	Status       SetManyStatus `json:"status"`
	ETag         *string       `json:"etag,omitempty"`
	Pending      *int64        `json:"pending,omitempty"`
	Replayed     *bool         `json:"replayed,omitempty"`
	Detail       *string       `json:"detail,omitempty"`
	Reason       *string       `json:"reason,omitempty"`
	OriginStatus *int64        `json:"originStatus,omitempty"`
	OriginBody   *string       `json:"originBody,omitempty"`
}

type SetManyResults struct {
	Results []SetManyResult `json:"results"`
}

type SetManyStatus string

const (
	SetManyStatusCreated              SetManyStatus = "created"
	SetManyStatusReplaced             SetManyStatus = "replaced"
	SetManyStatusPreconditionFailed   SetManyStatus = "precondition-failed"
	SetManyStatusFenceOutdated        SetManyStatus = "fence-outdated"
	SetManyStatusPreconditionRequired SetManyStatus = "precondition-required"
	SetManyStatusLeaseLost            SetManyStatus = "lease-lost"
	SetManyStatusTooLarge             SetManyStatus = "too-large"
	SetManyStatusIdempotencyConflict  SetManyStatus = "idempotency-conflict"
	SetManyStatusOriginOwned          SetManyStatus = "origin-owned"
	SetManyStatusOutboxPending        SetManyStatus = "outbox-pending"
	SetManyStatusWriteRefused         SetManyStatus = "write-refused"
	SetManyStatusOriginFailed         SetManyStatus = "origin-failed"
	SetManyStatusOriginUnavailable    SetManyStatus = "origin-unavailable"
	SetManyStatusInvalidRequest       SetManyStatus = "invalid-request"
	SetManyStatusOutboxFull           SetManyStatus = "outbox-full"
	SetManyStatusStoreUnavailable     SetManyStatus = "store-unavailable"
	SetManyStatusOutcomeUnknown       SetManyStatus = "outcome-unknown"
	SetManyStatusStoreFull            SetManyStatus = "store-full"
	SetManyStatusStoreNotReady        SetManyStatus = "store-not-ready"
	SetManyStatusNotReplicated        SetManyStatus = "not-replicated"
)

type SettleEntriesRequest struct {
	Ack     []string          `json:"ack,omitempty"`
	Nack    []StreamNack      `json:"nack,omitempty"`
	Extend  []StreamExtension `json:"extend,omitempty"`
	Release []string          `json:"release,omitempty"`
}

type SettleMessagesRequest struct {
	Ack     []string         `json:"ack,omitempty"`
	Nack    []QueueNack      `json:"nack,omitempty"`
	Extend  []QueueExtension `json:"extend,omitempty"`
	Release []string         `json:"release,omitempty"`
}

type SettledEntries struct {
	Results []SettledEntry `json:"results"`
}

type SettledEntry struct {
	Receipt string             `json:"receipt"`
	Status  StreamSettleStatus `json:"status"`
}

type SettledMessage struct {
	Receipt string            `json:"receipt"`
	Status  QueueSettleStatus `json:"status"`
}

type SettledMessages struct {
	Results []SettledMessage `json:"results"`
}

type SettledReservation struct {
	Policy       string `json:"policy"`
	Key          string `json:"key"`
	Reserved     int64  `json:"reserved"`
	Actual       int64  `json:"actual"`
	Refunded     int64  `json:"refunded"`
	Limit        int64  `json:"limit"`
	Remaining    int64  `json:"remaining"`
	ResetAfterMs int64  `json:"resetAfterMs"`
}

type SlidingWindowMode string

const (
	SlidingWindowModeWeighted SlidingWindowMode = "weighted"
	SlidingWindowModeStrict   SlidingWindowMode = "strict"
)

type StartWith string

const (
	StartWithBest  StartWith = "best"
	StartWithWorst StartWith = "worst"
)

type StartedCacheWarming struct {
	ID string `json:"id"`
}

type Stream struct {
	Name          string               `json:"name"`
	Capacity      int64                `json:"capacity"`
	MaxBytes      int64                `json:"maxBytes"`
	WhenFull      StreamWhenFull       `json:"whenFull"`
	MaxEntryBytes int64                `json:"maxEntryBytes"`
	MaxAgeMs      int64                `json:"maxAgeMs"`
	Version       *int64               `json:"version,omitempty"`
	Source        *ConfigurationSource `json:"source,omitempty"`
	Length        int64                `json:"length"`
	Bytes         int64                `json:"bytes"`
	Appended      int64                `json:"appended"`
	Oldest        *string              `json:"oldest,omitempty"`
	Newest        *string              `json:"newest,omitempty"`
	Groups        []StreamGroup        `json:"groups"`
}

type StreamBound string

const (
	StreamBoundCapacity StreamBound = "capacity"
	StreamBoundMaxBytes StreamBound = "maxBytes"
)

type StreamDataEncoding string

const (
	StreamDataEncodingJson   StreamDataEncoding = "json"
	StreamDataEncodingText   StreamDataEncoding = "text"
	StreamDataEncodingBase64 StreamDataEncoding = "base64"
)

type StreamDelivery struct {
	ID           string             `json:"id"`
	AppendedAt   string             `json:"appendedAt"`
	Event        string             `json:"event"`
	Data         any                `json:"data"`
	Encoding     StreamDataEncoding `json:"encoding"`
	Deliveries   int64              `json:"deliveries"`
	Failures     int64              `json:"failures"`
	Receipt      string             `json:"receipt"`
	VisibleForMs int64              `json:"visibleForMs"`
}

type StreamEntry struct {
	ID         string             `json:"id"`
	AppendedAt string             `json:"appendedAt"`
	Event      string             `json:"event"`
	Data       any                `json:"data"`
	Encoding   StreamDataEncoding `json:"encoding"`
}

type StreamEntryEvent struct {
	Event string      `json:"event"`
	ID    string      `json:"id"`
	Data  StreamEntry `json:"data"`
}

type StreamEntryList struct {
	Items      []StreamEntry `json:"items"`
	NextCursor *string       `json:"nextCursor,omitempty"`
	LastID     *string       `json:"lastId,omitempty"`
	Missed     int64         `json:"missed"`
	Unread     *int64        `json:"unread,omitempty"`
}

type StreamExtension struct {
	Receipt      string `json:"receipt"`
	VisibilityMs int64  `json:"visibilityMs"`
}

type StreamFullProblem struct {
	Type         string      `json:"type"`
	Title        string      `json:"title"`
	Status       int64       `json:"status"`
	Detail       string      `json:"detail"`
	Code         string      `json:"code"`
	RequestID    string      `json:"requestId"`
	RetryAfterMs *int64      `json:"retryAfterMs,omitempty"`
	Limit        StreamBound `json:"limit"`
}

type StreamGroup struct {
	Name          string `json:"name"`
	VisibilityMs  int64  `json:"visibilityMs"`
	MaxFailures   int64  `json:"maxFailures"`
	Position      string `json:"position"`
	Lag           int64  `json:"lag"`
	Leased        int64  `json:"leased"`
	Ready         int64  `json:"ready"`
	OldestLeaseMs *int64 `json:"oldestLeaseMs,omitempty"`
	TrimmedUnread int64  `json:"trimmedUnread"`
	Dropped       int64  `json:"dropped"`
	Dead          int64  `json:"dead"`
}

type StreamGroupList struct {
	Items []StreamGroup `json:"items"`
}

type StreamGroupSettings struct {
	Start        *string `json:"start,omitempty"`
	VisibilityMs *int64  `json:"visibilityMs,omitempty"`
	MaxFailures  *int64  `json:"maxFailures,omitempty"`
}

type StreamList struct {
	Items      []ListedStream `json:"items"`
	NextCursor *string        `json:"nextCursor,omitempty"`
}

type StreamMarkRequest struct {
	Seen string `json:"seen"`
}

type StreamNack struct {
	Receipt string  `json:"receipt"`
	Error   *string `json:"error,omitempty"`
	Dead    *bool   `json:"dead,omitempty"`
}

type StreamOrder string

const (
	StreamOrderAsc  StreamOrder = "asc"
	StreamOrderDesc StreamOrder = "desc"
)

type StreamPlace struct {
}

type StreamPlaceEvent struct {
	Event StreamPlaceEventName `json:"event"`
	ID    string               `json:"id"`
	Data  StreamPlace          `json:"data"`
}

type StreamPlaceEventName string

const (
	StreamPlaceEventNameFollowing StreamPlaceEventName = "following"
)

type StreamReader struct {
	Name   string `json:"name"`
	Seen   string `json:"seen"`
	Unread int64  `json:"unread"`
}

type StreamReset struct {
	Asked  string  `json:"asked"`
	Missed *int64  `json:"missed,omitempty"`
	Oldest *string `json:"oldest,omitempty"`
	Newest *string `json:"newest,omitempty"`
}

type StreamResetEvent struct {
	Event StreamResetEventName `json:"event"`
	ID    string               `json:"id"`
	Data  StreamReset          `json:"data"`
}

type StreamResetEventName string

const (
	StreamResetEventNameReset StreamResetEventName = "reset"
)

type StreamSettings struct {
	Capacity      *int64          `json:"capacity,omitempty"`
	MaxBytes      *int64          `json:"maxBytes,omitempty"`
	WhenFull      *StreamWhenFull `json:"whenFull,omitempty"`
	MaxEntryBytes *int64          `json:"maxEntryBytes,omitempty"`
	MaxAgeMs      *int64          `json:"maxAgeMs,omitempty"`
}

type StreamSettleStatus string

const (
	StreamSettleStatusAcked    StreamSettleStatus = "acked"
	StreamSettleStatusRetrying StreamSettleStatus = "retrying"
	StreamSettleStatusDead     StreamSettleStatus = "dead"
	StreamSettleStatusExtended StreamSettleStatus = "extended"
	StreamSettleStatusReleased StreamSettleStatus = "released"
	StreamSettleStatusStale    StreamSettleStatus = "stale"
	StreamSettleStatusGone     StreamSettleStatus = "gone"
)

type StreamWhenFull string

const (
	StreamWhenFullTrim   StreamWhenFull = "trim"
	StreamWhenFullRefuse StreamWhenFull = "refuse"
)

type SubmitScoresRequest struct {
	Entries []ScoreSubmission `json:"entries"`
}

type SubmitToLeaderboardsRequest struct {
	Member string            `json:"member"`
	Boards []BoardSubmission `json:"boards"`
}

type TieOrder string

const (
	TieOrderFirst TieOrder = "first"
	TieOrderLast  TieOrder = "last"
	TieOrderID    TieOrder = "id"
)

type TooLargeProblem struct {
	Type            string `json:"type"`
	Title           string `json:"title"`
	Status          int64  `json:"status"`
	Detail          string `json:"detail"`
	Code            string `json:"code"`
	RequestID       string `json:"requestId"`
	RetryAfterMs    *int64 `json:"retryAfterMs,omitempty"`
	MaxBodyBytes    *int64 `json:"maxBodyBytes,omitempty"`
	MaxValueBytes   *int64 `json:"maxValueBytes,omitempty"`
	MaxMessageBytes *int64 `json:"maxMessageBytes,omitempty"`
	MaxSendBytes    *int64 `json:"maxSendBytes,omitempty"`
	MaxEntryBytes   *int64 `json:"maxEntryBytes,omitempty"`
	MaxAppendBytes  *int64 `json:"maxAppendBytes,omitempty"`
	MaxFields       *int64 `json:"maxFields,omitempty"`
}

type TooManyWaitersProblem struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int64  `json:"status"`
	Detail       string `json:"detail"`
	Code         string `json:"code"`
	RequestID    string `json:"requestId"`
	RetryAfterMs *int64 `json:"retryAfterMs,omitempty"`
	QueueLength  int64  `json:"queueLength"`
}

type TopDeniedSubjects struct {
	Items      []DeniedSubject `json:"items"`
	HalfLifeMs int64           `json:"halfLifeMs"`
}

type TouchCacheEntryRequest struct {
	TTLMs *int64 `json:"ttlMs,omitempty"`
}

type UsedCacheSpace struct {
	Name                string              `json:"name"`
	TTLMs               int64               `json:"ttlMs"`
	StaleMs             int64               `json:"staleMs"`
	ErrorMs             int64               `json:"errorMs"`
	NegativeTTLMs       int64               `json:"negativeTtlMs"`
	IdleMs              int64               `json:"idleMs"`
	Jitter              float64             `json:"jitter"`
	LeaseMs             int64               `json:"leaseMs"`
	MaxLeaseMs          int64               `json:"maxLeaseMs"`
	EarlyRefreshBeta    float64             `json:"earlyRefreshBeta"`
	MaxValueBytes       int64               `json:"maxValueBytes"`
	RequirePrecondition bool                `json:"requirePrecondition"`
	L1                  L1Settings          `json:"l1"`
	Version             int64               `json:"version"`
	Source              ConfigurationSource `json:"source"`
	Usage               CacheSpaceUsage     `json:"usage"`
}

type VerifyLockRequest struct {
	Fence int64 `json:"fence"`
}

type WarmCacheRequest struct {
	Keys    []string        `json:"keys,omitempty"`
	Source  *WarmingSource  `json:"source,omitempty"`
	Refresh *WarmingRefresh `json:"refresh,omitempty"`
}

type WarmingError struct {
	Key    *string `json:"key,omitempty"`
	Detail string  `json:"detail"`
}

type WarmingRefresh string

const (
	WarmingRefreshMissing WarmingRefresh = "missing"
	WarmingRefreshStale   WarmingRefresh = "stale"
)

type WarmingRunningProblem struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int64  `json:"status"`
	Detail       string `json:"detail"`
	Code         string `json:"code"`
	RequestID    string `json:"requestId"`
	RetryAfterMs *int64 `json:"retryAfterMs,omitempty"`
	WarmingID    string `json:"warmingId"`
}

type WarmingSource string

const (
	WarmingSourceConfigured WarmingSource = "configured"
)

type WarmingState string

const (
	WarmingStateRunning     WarmingState = "running"
	WarmingStateDone        WarmingState = "done"
	WarmingStateCancelled   WarmingState = "cancelled"
	WarmingStateInterrupted WarmingState = "interrupted"
	WarmingStateFailed      WarmingState = "failed"
)

type WindowAlignment string

const (
	WindowAlignmentEpoch    WindowAlignment = "epoch"
	WindowAlignmentFirstHit WindowAlignment = "first-hit"
	WindowAlignmentCalendar WindowAlignment = "calendar"
)

type WriteRefusedProblem struct {
	Type         string  `json:"type"`
	Title        string  `json:"title"`
	Status       int64   `json:"status"`
	Detail       string  `json:"detail"`
	Code         string  `json:"code"`
	RequestID    string  `json:"requestId"`
	RetryAfterMs *int64  `json:"retryAfterMs,omitempty"`
	OriginStatus int64   `json:"originStatus"`
	OriginBody   *string `json:"originBody,omitempty"`
}
