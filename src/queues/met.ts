/** What a call found of other messages, and ended. */
export interface Met {
  readonly expired: number
  readonly timedOut: number
  readonly dead: number
  readonly dropped: number
}
