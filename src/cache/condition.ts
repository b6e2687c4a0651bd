import type { Fence } from '../redis/fence.js'

/** Versions of a value, or any. */
export type Versions = 'any' | readonly number[]

/** The versions of which one must be there, and those that must not. */
export interface Condition {
  readonly match?: Versions | undefined
  readonly none?: Versions | undefined
  /** Whatever the versions, it must not be outdated. */
  readonly fence?: Fence | undefined
}

export const UNCONDITIONAL: Condition = Object.freeze({})

/** Whether it depends on what is there. */
export const isConditional = ({ match, none }: Condition): boolean =>
  match !== undefined || none !== undefined

/** As lib/condition.lua reads it. */
export const conditionArg = ({ match, none }: Condition): string =>
  match === undefined && none === undefined ? '' : `${listOf(match)};${listOf(none)}`

const listOf = (versions: Versions | undefined): string => {
  if (versions === undefined) return ''
  return versions === 'any' ? '*' : ` ${versions.join(' ')} `
}

/** Whether the present version is among them. */
export const isAmong = (versions: Versions, version: number): boolean =>
  versions === 'any' || versions.includes(version)
