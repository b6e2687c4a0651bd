import Type, { type TProperties, type TString } from 'typebox'
import { DurationMs } from '../http/names.js'
import { MAX_BATCH, MAX_VISIBILITY_MS, MIN_VISIBILITY_MS } from './settlement.js'

const closed = { additionalProperties: false }

const MAX_WAIT_MS = 20_000

const Limit = (description: string) => Type.Integer({ minimum: 1, maximum: MAX_BATCH, description })

export const VisibilityMs = (description: string) =>
  DurationMs(MIN_VISIBILITY_MS, MAX_VISIBILITY_MS, description)

const SAME = 'As in the body; send it in one of the two.'

/** The query of a receive. */
export const ReceiveQuery = Type.Object(
  {
    limit: Type.Optional(Limit(SAME)),
    visibilityMs: Type.Optional(VisibilityMs(SAME)),
    waitMs: Type.Optional(DurationMs(0, MAX_WAIT_MS, SAME)),
  },
  closed,
)

interface ReceiveWords {
  /** Of the component. */
  readonly title: string
  readonly one: string
  readonly many: string
  /** Which visibility is the default one. */
  readonly settings: string
}

/** The body of a receive. */
export const receiveRequest = ({ title, one, many, settings }: ReceiveWords) =>
  Type.Object(
    {
      limit: {
        ...Limit(`${many} at most, 1 to ${MAX_BATCH}. Default 1.`),
        default: 1,
      },
      visibilityMs: Type.Optional(
        VisibilityMs(
          `Time to settle them before they are delivered again. Default: the one of the ${settings}.`,
        ),
      ),
      waitMs: {
        ...DurationMs(
          0,
          MAX_WAIT_MS,
          `Time to wait until there is ${one}, up to 20 seconds. Default 0.`,
        ),
        default: 0,
      },
    },
    {
      ...closed,
      title,
      examples: [{}, { limit: 10, visibilityMs: 60_000, waitMs: 20_000 }],
    },
  )

interface SettleWords {
  /** Of the components. */
  readonly titles: Readonly<
    Record<'request' | 'nack' | 'extension' | 'status' | 'item' | 'answer', string>
  >
  readonly ack: string
  readonly nack: string
  readonly dead: string
  readonly release: string
  readonly status: string
}

/** The body of a settle, and its answer. @param delay more fields of a nack */
export function settleSchemas<D extends TProperties>(
  receipt: TString,
  example: string,
  delay: D,
  { titles, ...words }: SettleWords,
) {
  const receipts = (description: string) =>
    Type.Optional(Type.Array(receipt, { maxItems: MAX_BATCH, description }))
  const Nack = Type.Object(
    {
      receipt,
      ...delay,
      error: Type.Optional(
        Type.String({
          maxLength: 1_024,
          description: 'What went wrong, kept with it. At most 1024 bytes. Default: nothing.',
        }),
      ),
      dead: Type.Boolean({ default: false, description: words.dead }),
    },
    { ...closed, title: titles.nack },
  )
  const Extension = Type.Object(
    {
      receipt,
      visibilityMs: VisibilityMs(
        'Time left from now on; a shorter one than is left changes nothing.',
      ),
    },
    { ...closed, title: titles.extension },
  )
  const Request = Type.Object(
    {
      ack: receipts(words.ack),
      nack: Type.Optional(Type.Array(Nack, { maxItems: MAX_BATCH, description: words.nack })),
      extend: Type.Optional(
        Type.Array(Extension, { maxItems: MAX_BATCH, description: 'The work goes on: more time.' }),
      ),
      release: receipts(words.release),
    },
    {
      ...closed,
      title: titles.request,
      description: `1 to ${MAX_BATCH} receipts in all, each once.`,
      examples: [{ ack: [example] }, { nack: [{ receipt: example, error: 'mailbox full' }] }],
    },
  )
  const Status = Type.Enum(['acked', 'retrying', 'dead', 'extended', 'released', 'stale', 'gone'], {
    title: titles.status,
    description: words.status,
  })
  const Answer = Type.Object(
    {
      results: Type.Array(Type.Object({ receipt, status: Status }, { title: titles.item }), {
        description: 'One for each receipt: of `ack`, then `nack`, `extend` and `release`.',
      }),
    },
    {
      title: titles.answer,
      description: 'What became of each delivery.',
      examples: [{ results: [{ receipt: example, status: 'acked' }] }],
    },
  )
  return { Request, Answer }
}
