import { type Arg, encodeBatch } from './batch-codec.js'
import type { Connection } from './connection.js'
import {
  isMissingScript,
  reconnectReason,
  type ScriptError,
  StoreError,
  toCallError,
  toReplyError,
  toStoreError,
  unavailable,
  unreadable,
} from './errors.js'
import { EvalCommand } from './eval-command.js'
import { Lane, Load } from './lane.js'

/** A script as Redis runs it: with its libraries, inside scripts/batch.lua. */
export interface Program {
  readonly name: string
  readonly source: string
  readonly sha: string
  /** It adds data: a full Redis refuses it before it starts. */
  readonly grows: boolean
  /** It builds names of keys: a Cluster refuses it while its slot moves, and some are elsewhere. */
  readonly whole: boolean
  /** False for a script whose cost is not small: every call travels alone. */
  readonly coalesce: boolean
  /** Replies are Buffers rather than strings. */
  readonly buffers: boolean
}

/** What metrics are made of. */
export interface BatchObserver {
  /** One round trip: how many calls it carried and how long it took. */
  batch(script: string, calls: number, seconds: number): void
  failure(error: StoreError | ScriptError): void
}

export interface BatchOptions {
  readonly connection: Connection
  readonly observer: BatchObserver
  /** Microseconds added to the server's time: tests move the clock instead of sleeping. */
  readonly clockOffsetUs: () => number
  /** The timing of the request that makes a call, read when the call is made. */
  readonly timing?: (() => Timing | undefined) | undefined
}

/** The time of its slowest call: the calls of one turn of the event loop run at the same time. */
interface Timing {
  redisMs: number | undefined
}

interface Call {
  readonly keys: readonly Arg[]
  readonly args: readonly Arg[]
  readonly units: number
  readonly bytes: number
  readonly timing: Timing | undefined
  /** Decodes the reply and settles the caller's promise. */
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * Sends the calls of one script, many in one EVALSHA, per Cluster slot. The calls of one turn of the
 * event loop leave together at its end. Under load they leave in parts, so that Redis runs one part
 * while the service reads the requests of the next: see docs/decisions/0016.
 */
export class Batcher {
  readonly #program: Program
  readonly #options: BatchOptions
  readonly #lanes = new Map<number, Lane<Call>>()
  readonly #load = new Load()
  #scheduled = false

  constructor(program: Program, options: BatchOptions) {
    this.#program = program
    this.#options = options
  }

  /** @param decode if it throws, the outcome of this call alone is unknown. */
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
      const timing = this.#options.timing?.()
      this.#enqueue({ keys, args, units, bytes, timing, resolve, reject })
    })
  }

  #enqueue(call: Call): void {
    const slot = this.#options.connection.slotOf(call.keys[0] as string | Buffer)
    const lane = this.#lanes.get(slot) ?? this.#openLane(slot)
    if (!lane.hasRoomFor(call)) this.#flush(lane)
    lane.add(call)
    this.#load.begin(call.units)
    if (!this.#program.coalesce || lane.units >= this.#load.part) this.#flush(lane)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#endTurn())
  }

  #openLane(slot: number): Lane<Call> {
    const lane = new Lane<Call>()
    this.#lanes.set(slot, lane)
    return lane
  }

  #endTurn(): void {
    this.#scheduled = false
    this.#load.endTurn()
    for (const [slot, lane] of this.#lanes) {
      if (lane.isFree) this.#flush(lane)
      if (lane.isIdle) this.#lanes.delete(slot)
    }
  }

  #flush(lane: Lane<Call>): void {
    const calls = lane.take()
    if (calls.length > 0) void this.#carry(lane, calls)
  }

  async #carry(lane: Lane<Call>, calls: readonly Call[]): Promise<void> {
    lane.depart()
    const isAnswered = await this.#send(calls)
    lane.arrive()
    for (const { units } of calls) this.#load.end(units)
    if (!isAnswered) this.#refuse(lane.take())
    else if (lane.isFree) this.#flush(lane)
  }

  /** Does not send these calls: a silent Redis would delay them by another time-out. */
  #refuse(calls: readonly Call[]): void {
    if (calls.length === 0) return
    for (const { units } of calls) this.#load.end(units)
    this.#rejectAll(calls, unavailable())
  }

  /** @returns false where Redis left the calls without an answer. */
  async #send(calls: readonly Call[]): Promise<boolean> {
    const { connection, observer } = this.#options
    if (!connection.isReady()) {
      this.#rejectAll(calls, unavailable())
      return true
    }
    const started = performance.now()
    try {
      const replies = await this.#evaluate(calls)
      const ms = performance.now() - started
      observer.batch(this.#program.name, calls.length, ms / 1_000)
      addTime(calls, ms)
      // Calls that the script did not reach were not run.
      const left = calls.slice(this.#settle(calls, replies))
      return left.length === 0 || this.#send(left)
    } catch (cause) {
      const error = toStoreError(cause)
      addTime(calls, performance.now() - started)
      this.#rejectAll(calls, error)
      return !(error instanceof StoreError && error.code === 'outcome-unknown')
    }
  }

  async #evaluate(calls: readonly Call[]): Promise<unknown[]> {
    const { source, sha, buffers } = this.#program
    const run = (command: 'evalsha' | 'eval', script: string) => {
      // One array, passed as it is: client.call would copy a thousand arguments twice more.
      const { connection, clockOffsetUs } = this.#options
      const args = encodeBatch(script, calls, clockOffsetUs(), connection.runId(), this.#program)
      const options = buffers ? {} : { replyEncoding: 'utf8' as const }
      const sent = new EvalCommand(command, args as never, options)
      return connection.client.sendCommand(sent) as Promise<unknown[]>
    }
    try {
      return await run('evalsha', sha)
    } catch (error) {
      // NOSCRIPT refuses the whole batch before any call ran, so sending it again is safe.
      if (!isMissingScript(error)) throw error
      return run('eval', source)
    }
  }

  /** @returns how many calls were run. */
  #settle(calls: readonly Call[], replies: readonly unknown[]): number {
    if (replies[0] === -1) throw toReplyError(this.#check(String(replies[1])))
    const answered = replies.length / 2
    for (let i = 0; i < answered; i++) {
      const call = calls[i]!
      if (replies[i * 2] === 1) call.resolve(replies[i * 2 + 1])
      else this.#rejectAll([call], toCallError(this.#check(String(replies[i * 2 + 1]))))
    }
    return answered
  }

  /** ioredis checks only the error of a whole reply: inside one, the wrong server is noticed here. */
  #check(text: string): string {
    const reason = reconnectReason(text)
    if (reason) this.#options.connection.reconnect(reason)
    return text
  }

  #rejectAll(calls: readonly Call[], error: StoreError | ScriptError): void {
    this.#options.observer.failure(error)
    for (const call of calls) call.reject(error)
  }
}

function addTime(calls: readonly Call[], ms: number): void {
  for (const { timing } of calls) if (timing) timing.redisMs = Math.max(timing.redisMs ?? 0, ms)
}

function size(values: readonly Arg[]): number {
  let bytes = 0
  for (const value of values) bytes += typeof value === 'number' ? 8 : value.length
  return bytes
}
