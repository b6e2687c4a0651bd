import type { Client } from '../domain.js'
import type { Registration, Turn } from '../redis/waiter.js'
import type { Wakes } from '../redis/wakes.js'

/** What one attempt got. */
type Reply =
  | {
      readonly kind: 'received'
      readonly deliveries: readonly unknown[]
      /** When to ask again: 0 for now, undefined while there is nothing to wait for. */
      readonly nextMs: number | undefined
      readonly replayed: boolean
    }
  | { readonly kind: 'conflict' | 'no-group' }

export interface Waiting {
  /** 0: it does not wait. */
  readonly waitMs: number
  /** It stops waiting when this closes; what it got meanwhile is still in the outcome. */
  readonly client: Client
}

export interface WaitListOptions<T, O extends Waiting, R extends Reply> {
  readonly wakes: Pick<Wakes, 'hasRoom' | 'wait'>
  /** The key of the instances that wait for a thing. */
  readonly waitingKey: (thing: T) => string
  /** The thing with its present settings: they may change while a request waits. */
  readonly refresh: (thing: T) => Promise<T>
  readonly receive: (thing: T, options: O, registration?: Registration) => Promise<R>
  /** After waiting in vain. */
  readonly nothing: R
}

/** Of one receive that does not wait: each ends a bounded number of messages or entries that are over. */
const MOST_CALLS = 10

/** Receives that wait at this instance until a thing has something for them. */
export function createWaits<T, O extends Waiting, R extends Reply>({
  wakes,
  waitingKey,
  refresh,
  receive,
  nothing,
}: WaitListOptions<T, O, R>) {
  const receiveNow = async (thing: T, options: O): Promise<R> => {
    let reply = await receive(thing, options)
    for (let calls = 1; calls < MOST_CALLS && hasOnlyEnded(reply); calls++) {
      reply = await receive(thing, options)
    }
    return reply
  }

  return async (thing: T, options: O): Promise<R | { readonly kind: 'too-many-receivers' }> => {
    const { waitMs, client } = options
    if (waitMs === 0) return receiveNow(thing, options)
    const waiting = waitingKey(thing)
    if (!wakes.hasRoom(waiting)) return { kind: 'too-many-receivers' }
    const { result, leave } = wakes.wait(waiting, waitMs, async (registration) =>
      toTurn(await receive(await refresh(thing), options, registration)),
    )
    if (client.destroyed) leave()
    client.once('close', leave)
    try {
      return (await result) ?? nothing
    } finally {
      client.off('close', leave)
    }
  }
}

/** Whether others are behind what a call ended. */
const hasOnlyEnded = (reply: Reply): boolean =>
  reply.kind === 'received' &&
  reply.deliveries.length === 0 &&
  reply.nextMs === 0 &&
  !reply.replayed

/** A repeat has its answer, also an empty one: what its first answer brought is settled by now. */
function toTurn<R extends Reply>(reply: R): Turn<R> {
  if (reply.kind !== 'received' || reply.replayed) {
    return { got: reply, left: false, nextMs: undefined }
  }
  const { deliveries, nextMs } = reply
  return { got: deliveries.length > 0 ? reply : undefined, left: nextMs === 0, nextMs }
}
