import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'

/** Every setting, once: type, bounds, default, description. docs/configuration.md is tested against it. */
const ConfigSchema = Type.Object({
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
  redisUrl: Type.String({
    default: '',
    pattern: '^$|^(redis|rediss|unix|redis\\+sentinel|redis\\+cluster)://',
    description:
      'redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://. Empty: start a private Redis.',
  }),
  redisTimeoutMs: Type.Integer({
    default: 500,
    minimum: 50,
    maximum: 60_000,
    description: 'How long Redis may be silent before the outcome of a call is unknown.',
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
    description: 'Listen beyond loopback although no token is configured.',
  }),
  allowedHosts: Type.Array(Type.String(), {
    default: [],
    description: 'Host names, separated by commas, accepted in Host and Origin besides loopback.',
  }),
  idempotencyTtlMs: Type.Integer({
    default: 300_000,
    minimum: 1_000,
    maximum: 86_400_000,
    description: 'How long a request can be repeated with its Idempotency-Key.',
  }),
  endedTtlMs: Type.Integer({
    default: 60_000,
    minimum: 1_000,
    maximum: 3_600_000,
    description: 'How long an ended lease is remembered, so that its holder hears how it ended.',
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
  drainTimeoutMs: Type.Integer({
    default: 10_000,
    minimum: 0,
    maximum: 300_000,
    description: 'How long running requests may take to finish at shutdown.',
  }),
})

export type Config = Readonly<Static<typeof ConfigSchema>>

/** All faults of a configuration at once, as a person can read them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const validator = Compile(ConfigSchema)
const defaults = Value.Default(ConfigSchema, {}) as Readonly<Record<string, unknown>>

/** `redisUrl` is set by LOCKSTEP_REDIS_URL. */
export const variableOf = (field: string): string =>
  `LOCKSTEP_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the environment into a frozen configuration.
 * @throws ConfigError naming every variable that is wrong.
 */
export function loadConfig(environment: Environment): Config {
  const values: Record<string, unknown> = {}
  for (const [field, schema] of Object.entries(ConfigSchema.properties)) {
    const text = environment[variableOf(field)]
    values[field] =
      text === undefined || isInjected(field, text) ? defaults[field] : fromText(schema, text)
  }
  if (!validator.Check(values)) throw new ConfigError(explain(values))
  return Object.freeze(values)
}

/** Kubernetes sets LOCKSTEP_PORT=tcp://... in every pod beside a Service of that name. */
const isInjected = (field: string, text: string): boolean =>
  field === 'port' && text.startsWith('tcp://')

function fromText(schema: object, text: string): unknown {
  switch ((schema as { type?: string }).type) {
    case 'integer':
    case 'number':
      return text.trim() === '' ? text : Number(text)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
    default:
      return text
  }
}

function explain(values: unknown): string {
  return validator
    .Errors(values)
    .map(({ instancePath, message }) => `${variableOf(instancePath.slice(1))} ${message}`)
    .join('\n')
}
