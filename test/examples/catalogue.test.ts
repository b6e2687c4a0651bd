import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { parse, stringify } from 'yaml'
import { WAIT_MS } from '../support/bounds.js'
import { runProgram } from '../support/lock-run.js'
import { until } from '../support/until.js'
import { EXAMPLES, useExamples } from './programs.js'

const { harness, inEachLanguage } = useExamples()
/** The longest that an origin may have. */
const MOST_MS = Math.min(WAIT_MS, 60_000)
const FILE = readFileSync(path.join(EXAMPLES, 'catalogue/lockstep.yaml'), 'utf8')

interface File {
  readonly spaces: Readonly<Record<string, { origin?: { timeoutMs?: number } }>>
}

/** The configuration of the example, for a service at this address and a busy machine. */
function fileFor(url: string): string {
  const file = parse(FILE.replaceAll('http://127.0.0.1:7711', url)) as File
  for (const { origin } of Object.values(file.spaces)) if (origin) origin.timeoutMs = MOST_MS
  return stringify(file)
}

/** Requests to the service: of 20 readers, of the same again, of a change, of a read after it. */
const COSTS = {
  'no cache': [20, 20, 1, 1],
  'cache-aside': [1, 0, 1, 1],
  'read-through': [1, 0, 1, 1],
  'write-through': [1, 0, 1, 0],
}

describe('a catalogue in each pattern', () => {
  inEachLanguage('catalogue/catalogue', async ({ start, out }) => {
    const program = path.join(EXAMPLES, 'catalogue/service.py')
    const service = runProgram('python3', [program, path.join(out, 'products.db'), '0'], {})
    const url = await until('it listens', () => /^(http\S+)\n/.exec(service.stdout())?.[1])
    harness.reload(fileFor(url))
    const { exit, stdout, stderr } = start([url])
    expect(await exit, stderr()).toBe(0)

    const write = async (version: string) =>
      (
        await fetch(`${url}/products/late`, {
          method: 'PUT',
          body: version,
          headers: { 'lockstep-version': version },
        })
      ).status
    expect([await write('2'), await write('1'), await write('2')]).toEqual([204, 412, 204])
    expect(await (await fetch(`${url}/products/late`)).text()).toBe('2')

    const sections = stdout().split(/\n(?=\S)/)
    expect(sections.map((text) => text.split('\n')[0])).toEqual(Object.keys(COSTS))
    for (const text of sections) {
      expect(text).toMatch(/^ {2}risk: \S/m)
      const costs = [...text.matchAll(/: (\d+) requests? to the service, \d+ ms$/gm)]
      const name = text.split('\n')[0] as keyof typeof COSTS
      expect(costs.map(([, count]) => Number(count))).toEqual(COSTS[name])
    }
  })
})
