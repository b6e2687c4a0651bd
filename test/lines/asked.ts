/** The arguments of `npm run lines`, see scripts/lines.mjs. */
const WORDS = (process.env.LOCKSTEP_LINES ?? '').split(' ').filter(Boolean)

export const SAYS_ALL = WORDS.includes('--all')
export const IS_QUICK = WORDS.includes('--quick')
export const ASKED_TESTS: readonly string[] = WORDS.filter((word) => word.endsWith('.test.ts'))

/** The Lua files to test, with the requested lines; an empty set means all lines. */
export const ASKED_LINES: ReadonlyMap<string, ReadonlySet<number>> = askedLines()

function askedLines(): Map<string, Set<number>> {
  const asked = new Map<string, Set<number>>()
  for (const word of WORDS) {
    const [, file, line] = /^(.+\.lua)(?::(\d+))?$/.exec(word) ?? []
    if (file === undefined) continue
    const lines = asked.get(file) ?? new Set()
    asked.set(file, line === undefined ? lines : lines.add(Number(line)))
  }
  return asked
}
