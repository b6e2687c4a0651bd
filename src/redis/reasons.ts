/**
 * Why a Redis cannot be used: a closed set of words for logs, metrics and answers. Errors of ioredis
 * are converted here and go no further: they carry the arguments of their command.
 */
export const REASONS = [
  'refused',
  'unknown-host',
  'unreachable',
  'timeout',
  'closed',
  'certificate',
  'tls',
  'wrong-password',
  'no-permission',
  'too-many-connections',
  'loading',
  'read-only',
  'full',
  'not-replicated',
  'busy',
  'cannot-persist',
  'primary-down',
  'cluster-down',
  'slot-moving',
  'other',
] as const

export type Reason = (typeof REASONS)[number]

/** By the first word of an error of Redis. */
const BY_REPLY: Readonly<Record<string, Reason>> = {
  READONLY: 'read-only',
  LOADING: 'loading',
  MASTERDOWN: 'primary-down',
  CLUSTERDOWN: 'cluster-down',
  TRYAGAIN: 'slot-moving',
  MOVED: 'slot-moving',
  ASK: 'slot-moving',
  BUSY: 'busy',
  MISCONF: 'cannot-persist',
  NOPERM: 'no-permission',
  NOAUTH: 'wrong-password',
  WRONGPASS: 'wrong-password',
  OOM: 'full',
  NOREPLICAS: 'not-replicated',
}

/** Raised inside a script, without such a word: by Redis 7.0, and since 7.2. */
const SLOT_LOST =
  /Script attempted to (access a non local key|execute a (write )?command while the cluster)/
const FORBIDDEN = /The user executing the script can't|ACL failure in script/

/** Of an error of Redis; undefined for one that no state of Redis explains. */
export function replyReason(text: string): Reason | undefined {
  if (SLOT_LOST.test(text)) return 'slot-moving'
  if (FORBIDDEN.test(text)) return 'no-permission'
  return BY_REPLY[/^-?([A-Z]+)\b/.exec(text)?.[1] ?? '']
}

/** Redis refused one command of a script; the writes before it are kept. */
export const isPartial = (text: string): boolean => SLOT_LOST.test(text) || FORBIDDEN.test(text)

/** By the error code of the system or of OpenSSL, or by the message of ioredis or Redis. */
const BY_TEXT: readonly (readonly [RegExp, Reason])[] = [
  [/ECONNREFUSED|ENOENT/, 'refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'unknown-host'],
  [/EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/, 'unreachable'],
  [/ETIMEDOUT|timed out|[Tt]imeout/, 'timeout'],
  [/max number of clients/, 'too-many-connections'],
  [/CERT|UNABLE_TO_|SELF_SIGNED/, 'certificate'],
  [/ERR_SSL|ERR_TLS|EPROTO/, 'tls'],
  [/EACCES|EPERM/, 'no-permission'],
  [/CLUSTERDOWN/, 'cluster-down'],
  [/WRONGPASS|NOAUTH|invalid password/, 'wrong-password'],
  [/All sentinels are unreachable/, 'primary-down'],
  [/ECONNRESET|EPIPE|ECONNABORTED|[Cc]onnection is closed|isn't writeable/, 'closed'],
]

/** @param error anything that ioredis threw or emitted */
export function reasonOf(error: unknown): Reason {
  const { message, code, lastNodeError } = error as {
    readonly message?: string
    readonly code?: string
    readonly lastNodeError?: Error
  }
  // The Cluster client reports that all nodes failed; the error of the last one says why.
  if (lastNodeError) return reasonOf(lastNodeError)
  const reply = replyReason(message ?? '')
  if (reply) return reply
  const text = `${code} ${message}`
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'other'
}
