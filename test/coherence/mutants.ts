import { buildMutant as breakFile, type Mutant as Fault } from '../support/mutant.js'
import type { Findings } from './checkers.js'

interface Mutant extends Fault {
  /** What must be found. */
  readonly sign: keyof Findings
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a fill proves its token alone',
    sign: 'lateFills',
    script: 'scripts/lib/lease.lua',
    replace: [["lease.token .. '.' .. digits(lease.clk)", "lease.token .. '.1'"]],
  },
  {
    name: 'a removal leaves the lease',
    sign: 'lateFills',
    script: 'scripts/remove.lua',
    replace: [
      [
        "redis.call('UNLINK', entry_key, lease_key, values_key)",
        "redis.call('UNLINK', entry_key, values_key)",
      ],
    ],
  },
  {
    name: 'a fill does not ask for the marks of its tags',
    sign: 'lateFills',
    script: 'scripts/write.lua',
    replace: [['or lease.clk < hard then', 'then']],
  },
  {
    name: 'hard marks are not looked at',
    sign: 'old',
    script: 'scripts/lib/entry.lua',
    replace: [['if e.fence < hard then return 0 end', '']],
  },
  {
    name: 'a fill counts as loaded when it is stored',
    sign: 'old',
    script: 'scripts/write.lua',
    replace: [
      ['fence = lease and lease.clk or clock.clk', 'fence = clock.clk'],
      ['or lease.clk < hard then', 'then'],
    ],
  },
  {
    name: 'stale since the last mark',
    sign: 'beyondWindow',
    script: 'scripts/lib/clock.lua',
    replace: [['if fence < span.to then return math.max(fence, span.from) end', '']],
  },
  {
    name: 'soft marks are not looked at',
    sign: 'wronglyFresh',
    script: 'scripts/lib/entry.lua',
    replace: [['local moved = math.max(0, e.logical - since)', 'local moved = 0']],
  },
  {
    name: 'memory does not hear of keys',
    sign: 'old',
    script: 'levels/partition.js',
    replace: [['this.#options.onKey(space, name, clk);', '']],
  },
]

/** @returns the folder of the broken service */
export const buildMutant = (built: string, mutant: Mutant): string =>
  breakFile(built, 'cache', mutant)
