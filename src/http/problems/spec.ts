import type { TObject } from 'typebox'

export interface ProblemSpec {
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly remedy: string
  /** Whether a repeat of the request is safe and useful. */
  readonly retry: 'no' | 'later' | 'same-key'
  /**
   * Members of its body besides those of every problem. The title names the schema of the whole
   * problem, the document shows the first example. Codes may share it.
   */
  readonly members?: TObject
}

export type ProblemSpecs = Readonly<Record<string, ProblemSpec>>
