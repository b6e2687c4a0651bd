import Type, { type Static, type TObject } from 'typebox'
import { MAX_VISIBILITY_MS, MIN_VISIBILITY_MS } from '../deliveries/settlement.js'
import { DurationMs } from '../http/names.js'

/** A queue as a call sees it. */
export interface Queue {
  readonly namespace: string
  readonly name: string
  readonly settings: QueueSettings
}

/** How one queue works: its configuration, with the defaults of what that leaves out. */
export type QueueSettings = Readonly<Static<TObject<typeof SettingFields>>> & {
  readonly backoff: Backoff
}

/** A configuration as a caller sent it. */
export type SentSettings = Partial<Omit<QueueSettings, 'backoff'>> & {
  readonly backoff?: Partial<Backoff>
}

type Backoff = Readonly<Static<TObject<typeof BackoffFields>>>

const DAY_MS = 86_400_000
const MONTH_MS = 30 * DAY_MS
const MIB = 1024 * 1024

/** The longest time that a message or a retry is delayed. */
export const MAX_DELAY_MS = MONTH_MS
/** Of one message, in every queue. */
export const MAX_MESSAGE_BYTES = 512 * 1024
/** Of all bodies of one send. */
export const MAX_SEND_BYTES = MIB
export const MAX_MESSAGES = 1_000_000
/** Of one queue, bodies and records together: sixteen times what the default allows. */
export const MAX_QUEUE_BYTES = 4_096 * MIB

export const DEFAULT_SETTINGS = Object.freeze({
  visibilityMs: 30_000,
  maxFailures: 5,
  backoff: Object.freeze({ baseMs: 1_000, maxMs: 3_600_000 }),
  capacity: 100_000,
  maxBytes: 256 * MIB,
  maxMessageBytes: 256 * 1024,
  retentionMs: 4 * DAY_MS,
  deadRetentionMs: 14 * DAY_MS,
  deadCapacity: 10_000,
  dedupWindowMs: 300_000,
  paused: false,
})

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description} ${minimum} to ${maximum}.` })

export const BackoffFields = {
  baseMs: DurationMs(
    1,
    DAY_MS,
    `Longest wait after the first failure; it doubles with each further one. Default ${DEFAULT_SETTINGS.backoff.baseMs}.`,
  ),
  maxMs: DurationMs(
    1,
    DAY_MS,
    `Longest wait after any failure. Default ${DEFAULT_SETTINGS.backoff.maxMs}.`,
  ),
}

/** Without `backoff`, which has fields of its own. */
export const SettingFields = {
  visibilityMs: DurationMs(
    MIN_VISIBILITY_MS,
    MAX_VISIBILITY_MS,
    `Time that a worker has to settle a delivery, unless its receive says otherwise. Default ${DEFAULT_SETTINGS.visibilityMs}.`,
  ),
  maxFailures: whole(
    0,
    100,
    `With so many failures a message becomes a dead letter; 0 for never. Default ${DEFAULT_SETTINGS.maxFailures}.`,
  ),
  capacity: whole(
    1,
    MAX_MESSAGES,
    `Messages that the queue holds, without dead letters. Default ${DEFAULT_SETTINGS.capacity}.`,
  ),
  // Room for the largest send, and for what is stored with its bodies.
  maxBytes: whole(
    2 * MAX_SEND_BYTES,
    MAX_QUEUE_BYTES,
    `Bytes of all bodies, with those of dead letters. Default ${DEFAULT_SETTINGS.maxBytes}.`,
  ),
  maxMessageBytes: whole(
    1,
    MAX_MESSAGE_BYTES,
    `Bytes of one body. Default ${DEFAULT_SETTINGS.maxMessageBytes}.`,
  ),
  retentionMs: DurationMs(
    60_000,
    MONTH_MS,
    `How long a message is kept after it was first ready. Default ${DEFAULT_SETTINGS.retentionMs}.`,
  ),
  deadRetentionMs: DurationMs(
    60_000,
    MONTH_MS,
    `How long a dead letter is kept. Default ${DEFAULT_SETTINGS.deadRetentionMs}.`,
  ),
  deadCapacity: whole(
    1,
    100_000,
    `Dead letters that the queue holds; beyond, the oldest are dropped. Default ${DEFAULT_SETTINGS.deadCapacity}.`,
  ),
  dedupWindowMs: DurationMs(
    1_000,
    3_600_000,
    `How long a \`dedupId\` is remembered. Default ${DEFAULT_SETTINGS.dedupWindowMs}.`,
  ),
  paused: Type.Boolean({
    description: 'Whether a receive gets nothing; sends, settles and delays go on. Default false.',
  }),
}

/** `backoff` is one setting: what it leaves out has the default, and not what was set before. */
export const toSettings = ({ backoff, ...sent }: SentSettings): QueueSettings => ({
  ...DEFAULT_SETTINGS,
  ...sent,
  backoff: { ...DEFAULT_SETTINGS.backoff, ...backoff },
})
