/** Versions of a value; `any` for whichever. */
export type Versions = 'any' | readonly number[]

/** What must be there for a request to be carried out, and what must not. */
export interface Condition {
  readonly match?: Versions | undefined
  readonly none?: Versions | undefined
}

export const UNCONDITIONAL: Condition = Object.freeze({})

export const isConditional = ({ match, none }: Condition): boolean =>
  match !== undefined || none !== undefined

/** As lib/condition.lua reads them. */
export const versionsArg = (versions: Versions | undefined): string => {
  if (versions === undefined) return ''
  return versions === 'any' ? '*' : ` ${versions.join(' ')} `
}

/** Whether a version that is there is among those. */
export const isAmong = (versions: Versions, version: number): boolean =>
  versions === 'any' || versions.includes(version)
