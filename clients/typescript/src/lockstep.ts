import { Boards } from './boards.js'
import { Cache } from './cache.js'
import { type Call, createCall } from './call.js'
import { Limits } from './limits.js'
import { Locks, lockSetsOf, semaphoresOf } from './locks.js'
import { Queues } from './queues.js'
import { Sessions } from './sessions.js'
import { Streams } from './streams.js'
import { type ClientOptions, createSend } from './transport.js'

export type { Input, Operation, Output } from './call.js'
export { bytes, type Codec, json, text } from './codecs.js'
export {
  type Code,
  isProblem,
  LeaseLostError,
  LoadFailedError,
  LockstepError,
  type LostPosition,
  NoAnswerError,
  PositionLostError,
  type ProblemOf,
  RevokeRequestedError,
} from './errors.js'
export type { LockEvent } from './locks.js'
export type { Delivery, NewMessage } from './queues.js'
export type { Held } from './scope.js'
export type { Session } from './sessions.js'
export type { FollowOptions, GroupEntry, NewEntry, StreamEntry } from './streams.js'
export type { CallOptions, ClientOptions } from './transport.js'
export { type Handling, NackError, type WorkOptions } from './worker.js'

/** A client of one Lockstep service. */
export class Lockstep {
  /** Calls any operation by its name in openapi.yaml. */
  readonly call: Call
  readonly locks: Locks
  readonly semaphores: ReturnType<typeof semaphoresOf>
  readonly lockSets: ReturnType<typeof lockSetsOf>
  readonly sessions: Sessions
  readonly cache: Cache
  readonly limits: Limits
  readonly boards: Boards
  readonly queues: Queues
  readonly streams: Streams

  constructor(options: ClientOptions) {
    this.call = createCall(createSend(options))
    this.locks = new Locks(this.call)
    this.semaphores = semaphoresOf(this.call)
    this.lockSets = lockSetsOf(this.call)
    this.sessions = new Sessions(this.call)
    this.cache = new Cache(this.call)
    this.limits = new Limits(this.call)
    this.boards = new Boards(this.call)
    this.queues = new Queues(this.call)
    this.streams = new Streams(this.call)
  }
}
