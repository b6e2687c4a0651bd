import type { SettleStatus } from '../../src/deliveries/settlement.js'
import type { MessageState } from '../../src/queues/messages/scripts.js'

/** A step of the clock; the number of the operation is the fraction of a step that passes meanwhile. */
export const STEP = 1_000_000

export interface ModelSettings {
  readonly maxFailures: number
  readonly capacity: number
  readonly deadCapacity: number
  /** All in steps. */
  readonly visibility: number
  readonly retention: number
  readonly deadRetention: number
  readonly longestLease: number
}

export interface ModelMessage {
  readonly text: string
  readonly priority: number
  /** In steps. */
  readonly delay: number
  readonly group?: string | undefined
  readonly dedupId?: string | undefined
}

interface Stored extends ModelMessage {
  readonly id: number
  place: MessageState
  /** Ready, visible again, or dead since then. */
  due: number
  readySince: number | undefined
  deliveries: number
  failures: number
  receipt: string | undefined
  begun: number
  error: string
}

export type ModelAction =
  | { readonly kind: 'ack'; readonly receipt: string }
  | { readonly kind: 'release'; readonly receipt: string }
  | {
      readonly kind: 'nack'
      readonly receipt: string
      readonly delay: number
      readonly dead: boolean
      readonly error: string
    }
  | { readonly kind: 'extend'; readonly receipt: string; readonly visibility: number }

const byId = (one: Stored, other: Stored): number => one.id - other.id
const byDue = (one: Stored, other: Stored): number => one.due - other.due || byId(one, other)
const byOrder = (one: Stored, other: Stored): number =>
  other.priority - one.priority || byId(one, other)

/** A queue as a plain array, for the model test. */
export class QueueModel {
  #all: Stored[] = []
  readonly #dedup = new Map<string, number>()
  #floor = 0
  #step = 0
  #operations = 0
  readonly totals: Record<string, number> = {}

  readonly settings: ModelSettings

  constructor(settings: ModelSettings) {
    this.settings = settings
  }

  advance(steps: number): void {
    this.#step += steps
  }

  /** Begins an operation. */
  begin(): void {
    this.#operations += 1
  }

  get #now(): number {
    return this.#step * STEP + this.#operations
  }

  /** The messages of a state, in the order of a look. */
  look(state: MessageState): Stored[] {
    const now = this.#now
    const at = (place: MessageState) => this.#all.filter((one) => one.place === place)
    const isDue = ({ due }: Stored) => due <= now
    const isLive = ({ due }: Stored) => due + this.settings.deadRetention * STEP > now
    switch (state) {
      case 'ready':
        return [
          ...at('delayed').filter(isDue).sort(byDue),
          ...at('leased').filter(isDue).sort(byDue),
          ...at('ready').sort(byOrder),
        ]
      case 'delayed':
      case 'leased':
        return at(state)
          .filter((one) => !isDue(one))
          .sort(byDue)
      case 'blocked':
        return at(state).sort((a, b) => compareText(a.group!, b.group!) || byId(a, b))
      case 'dead':
        return at(state).filter(isLive).sort(byDue)
    }
  }

  /** Which messages are new; the others have the id, or the position, of the first. */
  findNew(messages: readonly ModelMessage[]): (number | { readonly same: number } | 'new')[] {
    const firsts = new Map<string, number>()
    return messages.map(({ dedupId }, at) => {
      if (dedupId === undefined) return 'new'
      const id = this.#dedup.get(dedupId)
      if (id !== undefined && id > this.#floor) return id
      const same = firsts.get(dedupId)
      if (same !== undefined) return { same }
      firsts.set(dedupId, at)
      return 'new'
    })
  }

  /** @returns false when the queue is full */
  makeRoom(count: number): boolean {
    if (this.#hasRoom(count)) return true
    this.#promote()
    this.#expireDead()
    for (const one of this.#at('ready').sort(byOrder)) this.#expire(one)
    return this.#hasRoom(count)
  }

  add(id: number, message: ModelMessage): void {
    const one: Stored = {
      ...message,
      id,
      place: 'ready',
      due: 0,
      readySince: undefined,
      deliveries: 0,
      failures: 0,
      receipt: undefined,
      begun: 0,
      error: '',
    }
    if (message.dedupId !== undefined) this.#dedup.set(message.dedupId, id)
    if (message.delay > 0) {
      one.place = 'delayed'
      one.due = this.#now + message.delay * STEP
      one.readySince = one.due
    } else if (message.group !== undefined && this.#head(message.group)) one.place = 'blocked'
    else one.readySince = this.#now
    this.#all.push(one)
  }

  /** @returns what a receive delivers; `lease` gives the receipts */
  receive(limit: number): Stored[] {
    this.#promote()
    this.#expireDead()
    for (;;) {
      const first = this.#at('ready').sort(byOrder).slice(0, limit)
      if (!first.some((one) => this.#expire(one))) return first
      for (const one of first) this.#expire(one)
    }
  }

  lease(id: number, receipt: string, visibility: number): void {
    const one = this.#find(id)!
    Object.assign(one, { place: 'leased', due: this.#now + visibility * STEP, begun: this.#now })
    one.deliveries += 1
    one.receipt = receipt
  }

  /** The ids of those receipts that stand and have time left. */
  standing(receipts: readonly string[]): number[] {
    return receipts.flatMap((receipt) => {
      const one = this.#all.find((other) => other.receipt === receipt)
      return one?.place === 'leased' && one.due > this.#now ? [one.id] : []
    })
  }

  settle(action: ModelAction): SettleStatus {
    const one = this.#find(Number.parseInt(action.receipt, 36))
    if (!one) return 'gone'
    if (one.receipt !== action.receipt) return 'stale'
    if (action.kind === 'ack') {
      this.#delete(one, 'acked')
      return 'acked'
    }
    if (one.place !== 'leased' || one.due <= this.#now) return 'stale'
    if (action.kind === 'extend') return this.#extend(one, action.visibility)
    one.receipt = undefined
    if (action.kind === 'release') {
      this.#count('released')
      one.place = 'ready'
      return 'released'
    }
    const isDead = this.#fail(one) || action.dead
    one.error = action.error
    if (isDead) {
      this.#bury(one)
      return 'dead'
    }
    this.#count('retried')
    one.place = action.delay === 0 ? 'ready' : 'delayed'
    one.due = this.#now + action.delay * STEP
    return 'retrying'
  }

  redrive(ids: readonly number[]): { ids: number[]; full: boolean } {
    const done: number[] = []
    this.#expireDead()
    for (const id of ids) {
      const one = this.#find(id)
      if (one?.place !== 'dead') continue
      if (!this.#hasRoom(1)) return { ids: done, full: true }
      done.push(id)
      Object.assign(one, { failures: 0, error: '', place: 'ready', readySince: this.#now })
      const head = this.#head(one.group, one)
      if (!head) continue
      if (head.place === 'ready' && head.id > id) head.place = 'blocked'
      else Object.assign(one, { place: 'blocked', readySince: undefined })
    }
    return { ids: done, full: false }
  }

  discard(ids: readonly number[]): number[] {
    return ids.filter((id) => {
      const one = this.#find(id)
      if (one?.place !== 'dead') return false
      this.#delete(one, 'discarded')
      return true
    })
  }

  purge(state: MessageState): number {
    if (state === 'ready') this.#promote()
    let deleted = 0
    for (;;) {
      const all = state === 'ready' ? this.#at('ready') : deleted === 0 ? this.look(state) : []
      if (all.length === 0) return deleted
      for (const one of all) this.#delete(one, 'discarded')
      deleted += all.length
    }
  }

  remove(lastId: number): void {
    this.#floor = lastId
    this.#all = []
    for (const total of Object.keys(this.totals)) delete this.totals[total]
  }

  count(total: string, by: number): void {
    this.totals[total] = (this.totals[total] ?? 0) + by
  }

  #count(total: string): void {
    this.count(total, 1)
  }

  #at(place: MessageState): Stored[] {
    return this.#all.filter((one) => one.place === place)
  }

  #find(id: number): Stored | undefined {
    return this.#all.find((one) => one.id === id)
  }

  #hasRoom(count: number): boolean {
    return this.#all.length - this.#at('dead').length + count <= this.settings.capacity
  }

  /** The message of a group that is neither blocked nor dead. */
  #head(group: string | undefined, except?: Stored): Stored | undefined {
    if (group === undefined) return undefined
    return this.#all.find(
      (one) =>
        one.group === group && one.place !== 'blocked' && one.place !== 'dead' && one !== except,
    )
  }

  #moveOn(group: string | undefined): void {
    if (group === undefined || this.#head(group)) return
    const next = this.#at('blocked')
      .filter((one) => one.group === group)
      .sort(byId)[0]
    if (!next) return
    next.place = 'ready'
    next.readySince ??= this.#now
  }

  #delete(one: Stored, total: string): void {
    this.#all.splice(this.#all.indexOf(one), 1)
    if (total === 'discarded' && this.#dedup.get(one.dedupId ?? '') === one.id) {
      this.#dedup.delete(one.dedupId ?? '')
    }
    this.#count(total)
    this.#moveOn(one.group)
  }

  #expire(one: Stored): boolean {
    if (!this.#all.includes(one)) return false
    if (one.readySince! + this.settings.retention * STEP > this.#now) return false
    this.#delete(one, 'expired')
    return true
  }

  #expireDead(): void {
    for (const one of this.#at('dead')) {
      if (one.due + this.settings.deadRetention * STEP <= this.#now) this.#delete(one, 'expired')
    }
  }

  #fail(one: Stored): boolean {
    one.failures += 1
    return this.settings.maxFailures > 0 && one.failures >= this.settings.maxFailures
  }

  #bury(one: Stored): void {
    Object.assign(one, { place: 'dead', due: this.#now, receipt: undefined })
    this.#count('dead')
    this.#moveOn(one.group)
    const dead = this.#at('dead').sort(byDue)
    if (dead.length > this.settings.deadCapacity) this.#delete(dead[0]!, 'dropped')
  }

  #promote(): void {
    const isDue = ({ due }: Stored) => due <= this.#now
    for (const one of this.#at('leased').filter(isDue).sort(byDue)) {
      this.#count('timedOut')
      if (this.#fail(one)) this.#bury(one)
      else one.place = 'ready'
    }
    for (const one of this.#at('delayed').filter(isDue)) one.place = 'ready'
  }

  #extend(one: Stored, visibility: number): SettleStatus {
    const due = this.#now + visibility * STEP
    if (due >= one.begun + this.settings.longestLease * STEP) return 'stale'
    one.due = Math.max(one.due, due)
    return 'extended'
  }
}

/** As the bytes of UTF-8 compare. */
const compareText = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other))
