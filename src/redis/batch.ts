import { Command } from 'ioredis'
import type { Link } from './connect.js'
import {
  isMissingScript,
  leadsElsewhere,
  type ScriptError,
  type StoreError,
  toCallError,
  toReplyError,
  toStoreError,
  unavailable,
  unreadable,
} from './errors.js'
import { type Arg, frameCalls } from './frame.js'

/** A composed script as Redis runs it; see scripts/batch.lua. */
export interface Program {
  readonly name: string
  readonly source: string
  readonly sha: string
  /** The script adds data: a full Redis refuses it before it starts. */
  readonly grows: boolean
  /** False for a script whose cost is not small: every call travels alone. */
  readonly coalesce: boolean
  /** Replies are Buffers rather than strings. */
  readonly buffers: boolean
}

/** What the binder tells the metrics, if anybody listens. */
export interface BatchObserver {
  /** One round trip: how many calls it carried and how long it took. */
  batch(script: string, calls: number, seconds: number): void
  failure(error: StoreError | ScriptError): void
}

export interface BatchOptions {
  readonly link: Link
  readonly observer: BatchObserver
  /** Microseconds added to the server's time: tests move the clock instead of sleeping. */
  readonly clockOffsetUs: () => number
  /** Who makes the call that is made now, if anybody wants to know how long it takes. */
  readonly meter?: (() => Meter | undefined) | undefined
}

/** The time of the slowest call made for it: those of one turn run side by side. */
interface Meter {
  redisMs: number | undefined
}

interface Call {
  readonly keys: readonly Arg[]
  readonly args: readonly Arg[]
  readonly units: number
  readonly bytes: number
  readonly meter: Meter | undefined
  /** Decodes the reply and settles the caller's promise. */
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

/** About 1 ms of Redis time: a call of one unit is a script of about three commands (7 us). */
export const MAX_UNITS = 128
const MAX_BYTES = 64 * 1024
/** Large answers in one reply would keep everybody else waiting while they are built and sent. */
const MAX_REPLY_BYTES = 256 * 1024

/** The calls of one script that leave together. They run in the order in which they were made. */
class Batch {
  readonly calls: Call[] = []
  units = 0
  bytes = 0

  add(call: Call): void {
    this.calls.push(call)
    this.units += call.units
    this.bytes += call.bytes
  }

  hasRoomFor(call: Call): boolean {
    return this.units + call.units <= MAX_UNITS && this.bytes + call.bytes <= MAX_BYTES
  }
}

/**
 * Sends calls of one script that are made in the same turn of the event loop as one EVALSHA, per
 * Cluster slot. A call above the bounds of a batch travels alone.
 */
export class Batcher {
  readonly #program: Program
  readonly #options: BatchOptions
  readonly #open = new Map<number, Batch>()
  #scheduled = false

  constructor(program: Program, options: BatchOptions) {
    this.#program = program
    this.#options = options
  }

  /** @param decode a reply that it cannot read makes the outcome of this call alone unknown. */
  call<R>(
    keys: readonly Arg[],
    args: readonly Arg[],
    units: number,
    decode: (reply: unknown) => R,
  ): Promise<R> {
    return new Promise((accept, reject) => {
      const bytes = size(keys) + size(args)
      const resolve = (reply: unknown) => {
        try {
          accept(decode(reply))
        } catch (cause) {
          const error = unreadable(cause)
          this.#options.observer.failure(error)
          reject(error)
        }
      }
      const meter = this.#options.meter?.()
      this.#enqueue({ keys, args, units, bytes, meter, resolve, reject })
    })
  }

  #enqueue(call: Call): void {
    const slot = this.#options.link.slotOf(call.keys[0] as string | Buffer)
    const open = this.#open.get(slot)
    if (open && (!this.#program.coalesce || !open.hasRoomFor(call))) this.#flush(slot, open)

    const batch = this.#open.get(slot) ?? this.#openBatch(slot)
    batch.add(call)
  }

  #openBatch(slot: number): Batch {
    const batch = new Batch()
    this.#open.set(slot, batch)
    if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        for (const [key, open] of this.#open) this.#flush(key, open)
      })
    }
    return batch
  }

  #flush(slot: number, batch: Batch): void {
    this.#open.delete(slot)
    void this.#send(batch)
  }

  async #send({ calls }: Batch): Promise<void> {
    const { link, observer } = this.#options
    if (!link.isReady()) return this.#rejectAll(calls, unavailable())
    const started = performance.now()
    try {
      const replies = await this.#evaluate(calls)
      const ms = performance.now() - started
      observer.batch(this.#program.name, calls.length, ms / 1_000)
      tell(calls, ms)
      this.#settle(calls, replies)
    } catch (error) {
      tell(calls, performance.now() - started)
      this.#rejectAll(calls, toStoreError(error))
    }
  }

  async #evaluate(calls: readonly Call[]): Promise<unknown[]> {
    const { source, sha, grows, buffers } = this.#program
    const run = (command: 'evalsha' | 'eval', script: string) => {
      // One array, handed over as it is: client.call would copy a thousand arguments twice more.
      const { link, clockOffsetUs } = this.#options
      const offsetUs = clockOffsetUs()
      const args = frameCalls(script, calls, offsetUs, link.runId(), MAX_REPLY_BYTES, grows)
      const options = buffers ? {} : { replyEncoding: 'utf8' as const }
      return link.client.sendCommand(new Command(command, args as never, options)) as Promise<
        unknown[]
      >
    }
    try {
      return await run('evalsha', sha)
    } catch (error) {
      // NOSCRIPT refuses the whole batch before any call ran, so sending it again is safe.
      if (!isMissingScript(error)) throw error
      return run('eval', source)
    }
  }

  #settle(calls: readonly Call[], replies: readonly unknown[]): void {
    if (replies[0] === -1) throw toReplyError(this.#heard(String(replies[1])))
    const answered = replies.length / 2
    for (let i = 0; i < answered; i++) {
      const call = calls[i]!
      if (replies[i * 2] === 1) call.resolve(replies[i * 2 + 1])
      else this.#rejectAll([call], toCallError(this.#heard(String(replies[i * 2 + 1]))))
    }
    if (answered < calls.length) this.#sendAgain(calls.slice(answered))
  }

  /** Calls that the script did not reach were not run: they go first in the next batch. */
  #sendAgain(calls: readonly Call[]): void {
    const batch = new Batch()
    for (const call of calls) batch.add(call)
    void this.#send(batch)
  }

  /** ioredis sees errors only at the top of a reply, so wrong servers are noticed here. */
  #heard(text: string): string {
    const elsewhere = leadsElsewhere(text)
    if (elsewhere) this.#options.link.reconnect(elsewhere)
    return text
  }

  #rejectAll(calls: readonly Call[], error: StoreError | ScriptError): void {
    this.#options.observer.failure(error)
    for (const call of calls) call.reject(error)
  }
}

function tell(calls: readonly Call[], ms: number): void {
  for (const { meter } of calls) if (meter) meter.redisMs = Math.max(meter.redisMs ?? 0, ms)
}

function size(values: readonly Arg[]): number {
  let bytes = 0
  for (const value of values) bytes += typeof value === 'number' ? 8 : value.length
  return bytes
}
