/** What a call weighs: its cost in units of about 7 us of Redis time, and its size in bytes. */
interface Weighed {
  readonly units: number
  readonly bytes: number
}

/** About 1 ms of Redis time: a call of one unit is a script of about three commands (7 us). */
export const MAX_UNITS = 128
const MAX_BYTES = 64 * 1024
/** One that Redis runs, and one that waits for it. */
const MAX_IN_FLIGHT = 2
/** Smaller parts cost the process more than their overlap gains. */
const MIN_PART_UNITS = 16
/** Weight of the load of the previous turn. */
const DECAY = 7 / 8

/** The calls of one script to one slot that wait to be sent, and how many batches are in flight. */
export class Lane<C extends Weighed> {
  #waiting: C[] = []
  #units = 0
  #bytes = 0
  #inFlight = 0

  /** Of the waiting calls. */
  get units(): number {
    return this.#units
  }

  /** Whether the waiting calls may be sent before their part is full. */
  get isFree(): boolean {
    return this.#inFlight < MAX_IN_FLIGHT
  }

  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting.length === 0
  }

  hasRoomFor({ units, bytes }: C): boolean {
    return this.#units + units <= MAX_UNITS && this.#bytes + bytes <= MAX_BYTES
  }

  add(call: C): void {
    this.#waiting.push(call)
    this.#units += call.units
    this.#bytes += call.bytes
  }

  /** @returns the waiting calls, in the order added. */
  take(): C[] {
    const calls = this.#waiting
    this.#waiting = []
    this.#units = 0
    this.#bytes = 0
    return calls
  }

  depart(): void {
    this.#inFlight += 1
  }

  arrive(): void {
    this.#inFlight -= 1
  }
}

/** How many units of one script are in flight, and how large the parts are that it is sent in. */
export class Load {
  #units = 0
  #lately = 0
  /** At this many units the waiting calls are sent before the turn ends. */
  part = MAX_UNITS

  begin(units: number): void {
    this.#units += units
  }

  end(units: number): void {
    this.#units -= units
  }

  endTurn(): void {
    this.#lately = Math.max(this.#units, this.#lately * DECAY)
    this.part = toPart(this.#lately)
  }
}

/** A quarter of the load; one part for a load that is too small for two. */
const toPart = (load: number): number =>
  load < 2 * MIN_PART_UNITS ? MAX_UNITS : Math.min(MAX_UNITS, Math.max(MIN_PART_UNITS, load / 4))
