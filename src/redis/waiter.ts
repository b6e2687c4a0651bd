import { isUnknown, StoreError } from './errors.js'

/** What an attempt tells Redis about its instance; see scripts/lib/wake.lua. */
export interface Registration {
  /** Where messages wake it. */
  readonly instance: string
  /** Whether other requests wait here for the same thing. */
  readonly others: boolean
}

/** The result of one attempt. */
export interface Turn<R> {
  /** What it got; undefined if nothing, and the request waits on. */
  readonly got: R | undefined
  /** Whether it left something that others can get. */
  readonly left: boolean
  /** Milliseconds until something is ready that no message announces; undefined if nothing will be. */
  readonly nextMs: number | undefined
}

export type Attempt<R> = (registration: Registration) => Promise<Turn<R>>

const FAILED: Turn<never> = { got: undefined, left: false, nextMs: undefined }

/** One request that waits: it makes one attempt at a time, until one gets something or it leaves. */
export class Waiter<R> {
  /** What it got; undefined if it left with nothing. */
  readonly result: Promise<R | undefined>
  isOver = false
  readonly #attempt: Attempt<R>
  #end!: { resolve(got: R | undefined): void; reject(error: unknown): void }
  #turn: Promise<Turn<R> | undefined> = Promise.resolve(undefined)
  /** Of the last attempt, if it failed and was not applied. */
  #error: StoreError | undefined

  constructor(attempt: Attempt<R>) {
    this.#attempt = attempt
    this.result = new Promise((resolve, reject) => {
      this.#end = { resolve, reject }
    })
  }

  /**
   * Makes an attempt, after the one that is under way.
   * @returns undefined if the wait was over before
   */
  ask(registration: () => Registration): Promise<Turn<R> | undefined> {
    this.#turn = this.#turn.then(() => (this.isOver ? undefined : this.#try(registration())))
    return this.#turn
  }

  /** Ends the wait. An attempt under way still decides what the request gets. */
  leave(): void {
    this.isOver = true
    void this.#turn.then(() => {
      if (this.#error) this.#end.reject(this.#error)
      else this.#end.resolve(undefined)
    })
  }

  async #try(registration: Registration): Promise<Turn<R>> {
    try {
      const turn = await this.#attempt(registration)
      this.#error = undefined
      if (turn.got !== undefined) {
        this.isOver = true
        this.#end.resolve(turn.got)
      }
      return turn
    } catch (error) {
      if (error instanceof StoreError && !isUnknown(error)) this.#error = error
      else {
        this.isOver = true
        this.#end.reject(error)
      }
      return FAILED
    }
  }
}
