import { isDeepStrictEqual } from 'node:util'
import type { BoardConfig } from '../config.js'

/** A refused change of a setting, which is fixed while there are entries. */
export interface FixedChange {
  /** Its path: `season.every`. */
  readonly setting: string
  readonly present: unknown
  readonly wanted: unknown
}

interface FixedSetting {
  readonly setting: string
  read(config: BoardConfig): unknown
  /** The fixed part; default: all of it. */
  fixed?(config: BoardConfig): unknown
}

/** The settings on which the stored order depends. */
const FIXED: readonly FixedSetting[] = [
  { setting: 'columns', read: ({ columns }) => columns },
  { setting: 'op', read: ({ op }) => op },
  { setting: 'ties', read: ({ ties }) => ties },
  // Only dense ranks need keys of their own.
  {
    setting: 'ranking',
    read: ({ ranking }) => ranking,
    fixed: ({ ranking }) => ranking === 'dense',
  },
  { setting: 'season.every', read: ({ season }) => season.every },
  { setting: 'season.timeZone', read: ({ season }) => season.timeZone },
]

/** Compares values, not texts: two spellings of one column are the same. */
export function fixedChanges(present: BoardConfig, wanted: BoardConfig): FixedChange[] {
  return FIXED.filter(
    ({ read, fixed = read }) => !isDeepStrictEqual(fixed(present), fixed(wanted)),
  ).map(({ setting, read }) => ({ setting, present: read(present), wanted: read(wanted) }))
}
