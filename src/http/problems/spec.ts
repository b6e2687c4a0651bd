export interface ProblemSpec {
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly remedy: string
  /** Whether a repeat of the request is safe and useful. */
  readonly retry: 'no' | 'later' | 'same-key'
  /** Further members of its body, as an example. */
  readonly members?: Readonly<Record<string, unknown>>
}

export type ProblemSpecs = Readonly<Record<string, ProblemSpec>>
