/** Whether repeating the same request is safe and useful. */
export type Retry = 'no' | 'later' | 'same-key'

export interface ProblemSpec {
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly remedy: string
  readonly retry: Retry
  /** What its body says besides, as an example. */
  readonly members?: Readonly<Record<string, unknown>>
}

export type ProblemSpecs = Readonly<Record<string, ProblemSpec>>
