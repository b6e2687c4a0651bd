import type { Mutant as Fault } from '../support/mutant.js'
import type { Findings } from './checkers.js'

interface Mutant extends Fault {
  /** The finding that must not be zero. */
  readonly sign: keyof Findings
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a fill proves its token alone',
    sign: 'lateFills',
    breaks: {
      'proof-of-a-grant': "local function proof_of(lease) return lease.token .. '.1' end",
    },
  },
  {
    name: 'a removal leaves the lease',
    sign: 'lateFills',
    breaks: { 'removal-of-a-lease': 'local is_awaited = true' },
  },
  {
    name: 'a fill does not ask for the marks of its tags',
    sign: 'lateFills',
    breaks: { 'fill-under-marks': 'if not is_holder or not untouched then' },
  },
  {
    name: 'hard marks are not looked at',
    sign: 'old',
    breaks: { 'hard-marks': '' },
  },
  {
    name: 'a fill counts as loaded when it is stored',
    sign: 'old',
    breaks: {
      'fence-of-a-fill': 'fence = clock.clk,',
      'fill-under-marks': 'if not is_holder or not untouched then',
    },
  },
  {
    name: 'stale since the last mark',
    sign: 'beyondWindow',
    breaks: { 'first-soft-mark': '' },
  },
  {
    name: 'soft marks are not looked at',
    sign: 'wronglyFresh',
    breaks: { 'soft-marks': 'local moved = 0' },
  },
  {
    name: 'memory does not hear of keys',
    sign: 'old',
    breaks: { 'message-about-a-key': '' },
  },
]
