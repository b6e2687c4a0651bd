import path from 'node:path'
import { describe, expect } from 'vitest'
import { useExamples } from './programs.js'

const { harness, get, post, inEachLanguage } = useExamples()
const WEEK_MS = 7 * 24 * 3600 * 1000

describe('an activity feed', () => {
  inEachLanguage('feed/feed', async ({ run, start, out }) => {
    const user = path.basename(out)
    const stream = `/v1/streams/feed-${user}`
    await run('post', user, 'said "hi" in C:\\new')
    await run('post', user, 'liked a photo')
    expect(await run('read', user, 'bob')).toBe(
      '2 unread\n* liked a photo\n* said "hi" in C:\\new\n',
    )
    await run('post', user, 'went home')
    const shown = 'went home\n  liked a photo\n  said "hi" in C:\\new\n'
    expect(await run('read', user, 'bob')).toBe(`1 unread\n* ${shown}`)
    expect(await run('read', user, 'bob')).toBe(`0 unread\n  ${shown}`)
    expect(await run('read', user, 'eve')).toMatch(/^3 unread\n(\* .*\n){3}$/)

    const entries = Array.from({ length: 99 }, (_, i) => ({ event: 'posted', data: `post ${i}` }))
    await post(`${stream}/entries`, { entries }).expect(201)
    const full = (await run('read', user, 'bob')).split('\n')
    expect(full.slice(0, 2)).toEqual(['99 unread', '* post 98'])
    expect(full.slice(99)).toEqual(['* post 0', '  went home', ''])

    expect(await get(stream)).toMatchObject({ capacity: 100, maxAgeMs: WEEK_MS })
    harness.advance(WEEK_MS)
    expect(await run('read', user, 'eve')).toBe('0 unread\n')

    const away = start(['post', user, 'lost'], { LOCKSTEP_URL: 'http://127.0.0.1:1' })
    expect(await away.exit).not.toBe(0)
  })
})
