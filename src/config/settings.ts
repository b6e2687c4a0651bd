import Type, { type Static, type TString } from 'typebox'
import { BOUNDS } from './bounds.js'

/** What a connection to a Redis needs besides its URL. */
const ACCESS = {
  SentinelPassword: {
    secret: true,
    of: (redis: string) =>
      `Password of the Sentinels of ${redis}; that of its servers is in the URL.`,
  },
  TlsCaFile: {
    of: (redis: string) =>
      `PEM file of the authorities of the certificates of ${redis}. Empty: the public ones.`,
  },
  TlsCertFile: {
    of: (redis: string) => `PEM file of the certificate that the service shows to ${redis}.`,
  },
  TlsKeyFile: { of: () => 'PEM file of its private key.' },
  TlsServerName: {
    of: (redis: string) =>
      `The name in the certificates of all servers of ${redis}. Empty: the host of each.`,
  },
} as const

const accessSettings = <P extends string>(prefix: P, redis: string) =>
  Object.fromEntries(
    Object.entries(ACCESS).map(([field, { of, ...rest }]) => [
      `${prefix}${field}`,
      Type.String({ default: '', description: of(redis), ...rest }),
    ]),
  ) as Record<`${P}${keyof typeof ACCESS}`, TString>

/** Every setting: type, bounds, default, description. A test generates docs/configuration.md from it. */
export const SettingsSchema = Type.Object(
  {
    host: Type.String({
      default: '127.0.0.1',
      minLength: 1,
      description: 'Address to listen on; an absolute path is a unix socket.',
    }),
    port: Type.Integer({
      default: 7700,
      minimum: 0,
      maximum: 65_535,
      description: 'Port; 0 picks a free one.',
    }),
    adminHost: Type.String({
      default: '',
      description:
        'Separate address for /metrics and /v1/status, which the other address then does not serve, and for the probes, which both serve; an absolute path is a unix socket.',
    }),
    adminPort: Type.Integer({
      default: 7701,
      minimum: 0,
      maximum: 65_535,
      description: 'Port of that address; 0 picks a free one.',
    }),
    redisUrl: Type.String({
      secret: true,
      default: '',
      pattern: '^$|^(unix|rediss?(\\+sentinel|\\+cluster)?)://',
      description:
        'redis://, unix://, redis+sentinel:// or redis+cluster://; with TLS rediss://, rediss+sentinel:// or rediss+cluster://. Empty: start a private Redis.',
    }),
    cacheRedisUrl: Type.String({
      secret: true,
      default: '',
      pattern: '^$|^(unix|rediss?(\\+sentinel|\\+cluster)?)://',
      description:
        'Separate Redis for cache entries, which may evict. Empty: they share the other Redis.',
    }),
    ...accessSettings('redis', 'the Redis'),
    ...accessSettings('cacheRedis', 'the cache Redis'),
    redisTimeoutMs: Type.Integer({
      default: 500,
      minimum: 50,
      maximum: 60_000,
      description: 'After this time without an answer of Redis, the outcome of a call is unknown.',
    }),
    redisManaged: Type.Boolean({
      default: false,
      description: 'Allow a private Redis although NODE_ENV is production.',
    }),
    redisFind: Type.Enum(['', 'path', 'cache', 'fetch'], {
      default: '',
      description: 'Where to take the private Redis from. Empty: path, then cache, then fetch.',
    }),
    dataDir: Type.String({
      default: '.lockstep/data',
      minLength: 1,
      description: 'Data of the private Redis.',
    }),
    allowAnonymous: Type.Boolean({
      default: false,
      description: 'Allow an address other than loopback although no token is configured.',
    }),
    allowedHosts: Type.Array(Type.String(), {
      default: [],
      description:
        'Host names, separated by commas, accepted in Host and Origin besides loopback; with a port (localhost:3000), only with that one.',
    }),
    hostCheck: Type.Enum(['auto', 'on', 'off'], {
      default: 'auto',
      description:
        'Refuse a Host that is neither loopback nor allowed, against DNS rebinding. auto: if no token is configured and `allowAnonymous` is false.',
    }),
    tlsCertFile: Type.String({
      default: '',
      description: 'PEM file of the certificate chain; with it the service speaks TLS only.',
    }),
    tlsKeyFile: Type.String({ default: '', description: 'PEM file of its private key.' }),
    tlsClientCaFile: Type.String({
      default: '',
      description: 'PEM file of authorities; a client must show a certificate of one of them.',
    }),
    tokensFile: Type.String({
      default: '',
      description: 'YAML or JSON file with more `tokens`; read again on SIGHUP.',
    }),
    metricsAuth: Type.Boolean({
      default: true,
      description:
        'Once API tokens are configured, ask for one with the scope `operations:read` at /metrics.',
    }),
    cacheOnRestart: Type.Enum(['flush', 'soft', 'keep'], {
      default: 'flush',
      description:
        'Effect on the cache of a restart or promotion of Redis, which may restore older values: flush drops all entries, soft makes all stale, keep trusts them.',
    }),
    cacheReadTimeoutMs: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 60_000,
      description:
        'How long a cache read may wait for Redis; then it is answered from memory or with 503.',
    }),
    cacheMemoryRatio: Type.Number({
      default: 0.8,
      minimum: 0.1,
      maximum: 1,
      description:
        'Above this share of the maxmemory of Redis, cache writes are refused and the rest is left to locks; 1 leaves it to Redis. Does not apply to a separate cache Redis.',
    }),
    cacheL1MaxBytes: Type.Integer({
      default: 256 * 1024 * 1024,
      minimum: 1024 * 1024,
      maximum: 64 * 1024 ** 3,
      description:
        'Memory of the process for the L1 of all spaces and namespaces together; the least recently used entries are evicted.',
    }),
    ratelimitHeaders: Type.Enum(['ietf', 'legacy', 'x-ratelimit', 'none'], {
      default: 'ietf',
      description:
        'Headers of answers about limits: RateLimit and RateLimit-Policy (IETF draft); RateLimit-Limit, -Remaining and -Reset (seconds); X-RateLimit-Limit, -Remaining and -Reset (seconds since 1970); or none.',
    }),
    ratelimitTimeoutMs: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 60_000,
      description:
        'How long a check of rate limits may wait for Redis; then `onError` of its policies applies.',
    }),
    compat: Type.Boolean({
      default: false,
      description:
        'Serve the APIs of other rate limit services as well: POST /json of envoyproxy/ratelimit, and POST /v1/GetRateLimits of gubernator.',
    }),
    instances: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 10_000,
      description:
        'Instances of this service that share the limits: with `onError: local` each grants its share.',
    }),
    idempotencyTtlMs: Type.Integer({
      default: 300_000,
      minimum: 1_000,
      maximum: 86_400_000,
      description: 'How long a repeat with the same Idempotency-Key is recognized.',
    }),
    queueWaiters: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 100_000,
      description: 'Requests that may wait for messages of one queue at one instance.',
    }),
    streamWaiters: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 100_000,
      description: 'Requests that may wait for entries of one stream at one instance.',
    }),
    groupWaiters: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 100_000,
      description: 'Requests that may wait for entries of one group of a stream at one instance.',
    }),
    ...BOUNDS,
    endedTtlMs: Type.Integer({
      default: 60_000,
      minimum: 1_000,
      maximum: 3_600_000,
      description: 'How long an ended lease is remembered, so that its holder learns how it ended.',
    }),
    requestTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      maximum: 300_000,
      description: 'How long a request may take to arrive completely; then its connection is cut.',
    }),
    logLevel: Type.Enum(['info', 'trace', 'debug', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      description: 'Lowest level that is logged.',
    }),
    slowRequestMs: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 300_000,
      description: 'Requests that take at least this long are logged.',
    }),
    logSample: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'Share of successful requests that are logged.',
    }),
    drainDelayMs: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 300_000,
      description:
        'At shutdown, how long the instance still serves while /readyz is 503 and every answer closes its connection, so that balancers stop using it before it stops listening.',
    }),
    drainTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 0,
      maximum: 300_000,
      description: 'How long running requests may take to finish after that.',
    }),
  },
  { additionalProperties: false },
)

export type Settings = Readonly<Static<typeof SettingsSchema>>

export type SettingName = keyof Settings

export const SETTINGS = Object.entries(SettingsSchema.properties) as unknown as [
  SettingName,
  { readonly type?: string; readonly default: unknown; readonly secret?: boolean },
][]

/** `redisUrl` is set by LOCKSTEP_REDIS_URL. */
export const variableOf = (setting: string): string =>
  `LOCKSTEP_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
