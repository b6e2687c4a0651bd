import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { useExamples } from './programs.js'

const { harness, inEachLanguage } = useExamples()

describe('a profile read through the cache', () => {
  inEachLanguage('profile/profile', async ({ run, start, out }) => {
    const user = path.basename(out)
    writeFileSync(path.join(out, user), 'Ada')
    const said = await Promise.all([1, 2, 3].map(() => run(user, out)))

    expect(said.sort()).toEqual(['cached: Ada\n', 'cached: Ada\n', 'loaded: Ada\n'])
    expect(readFileSync(path.join(out, 'loads'), 'utf8')).toBe(`${user}\n`)
    expect(await run(`no-${user}`, out)).toBe('loaded: nobody\n')
    expect(await run(`no-${user}`, out)).toBe('cached: nobody\n')

    const away = start([user, out], { LOCKSTEP_URL: 'http://127.0.0.1:1' })
    expect(await away.exit).toBe(0)
    expect(away.stdout()).toBe('loaded: Ada\n')

    expect(await start([`new-${user}`, path.join(out, 'gone')]).exit).not.toBe(0)
    // The next one starts within the back-off, however long that takes here.
    harness.advance(-60_000)
    const tooSoon = start([`new-${user}`, out])
    expect(await tooSoon.exit).not.toBe(0)
    harness.advance(60_000)
    expect(tooSoon.stderr()).toContain('the last load failed a moment ago')
  })
})
