import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { until } from '../support/until.js'
import { type Example, useExamples } from './programs.js'

const execute = promisify(execFile)
const { get, harness, inEachLanguage, post } = useExamples()

/** The stream of a test, in the default namespace. */
function orderLog({ out }: Example) {
  const stream = path.basename(out)
  const at = `/v1/streams/${stream}`
  const put = (where: string, settings: object) =>
    harness.request('put', where).set('lockstep-namespace', 'default').send(settings)
  const putGroup = (name: string) => put(`${at}/groups/${name}`, { start: 'start' })
  return {
    stream,
    put: (settings: object) => put(at, settings).expect(201),
    putGroup: (name: string) => putGroup(name).expect(201),
    append: (...orders: readonly object[]) => {
      const entries = orders.map((data) => ({ event: 'order.placed', data }))
      return post(`${at}/entries`, { entries }).expect(201)
    },
    group: (name: string) => get(`${at}/groups/${name}`),
    dead: async (name: string) => (await get(`${at}/groups/${name}/dead`)).items,
    receive: async (name: string) =>
      (await post(`${at}/groups/${name}/receive`, {}).expect(200)).body.items,
    settle: async (name: string, settlement: object) =>
      (await post(`${at}/groups/${name}/settle`, settlement).expect(200)).body.results,
    /** Waits until a group has done all that can be done. */
    untilDone: async (name: string) => {
      await putGroup(name)
      await until(`${name} is done`, async () => {
        const { lag, leased, ready } = await get(`${at}/groups/${name}`)
        return lag + leased + ready === 0
      })
    },
  }
}

const work = (out: string, group: string) =>
  readdirSync(out)
    .filter((file) => file.startsWith(`${group}-`))
    .map((file) => readFileSync(path.join(out, file), 'utf8'))
    .sort()

async function stopped(...runs: readonly ReturnType<Example['start']>[]): Promise<void> {
  for (const { child } of runs) child.kill('SIGTERM')
  for (const { exit, stderr } of runs) expect(await exit, stderr()).toBe(0)
}

describe('a log of orders', () => {
  describe('gives each order to both groups, also after a failure, and its sum to a reader', () => {
    inEachLanguage('orders/orders', async (example) => {
      const { start, run, out } = example
      const log = orderLog(example)
      const first = await run('place', log.stream, '7', '120')
      expect(await run('place', log.stream, '7', '120')).toBe(first)
      await run('place', log.stream, '8', '80')
      await log.putGroup('billing')
      const [{ receipt }] = await log.receive('billing')
      const nack = [{ receipt, error: 'no paper' }]
      expect(await log.settle('billing', { nack })).toMatchObject([{ status: 'retrying' }])

      const programs = ['bill', 'mail'].map((command) => start([command, log.stream, out]))
      await log.untilDone('billing')
      await log.untilDone('mail')
      await stopped(...programs)

      expect(work(out, 'billing')).toEqual(['order 7 costs 120\n', 'order 8 costs 80\n'])
      expect(work(out, 'mail')).toEqual(['order 7 is placed\n', 'order 8 is placed\n'])
      expect(await run('total', log.stream)).toBe('2 orders, 200 in all\n')
    })
  })

  describe('goes on without an order that keeps failing', () => {
    inEachLanguage('orders/orders', async (example) => {
      const { start, out } = example
      const log = orderLog(example)
      await log.append({ order: '7', amount: 0 }, { order: '8', amount: 80 })
      const program = start(['bill', log.stream, out])
      await log.untilDone('billing')
      await stopped(program)

      expect(work(out, 'billing')).toEqual(['order 8 costs 80\n'])
      const error = expect.stringMatching('there is no amount')
      expect(await log.dead('billing')).toMatchObject([
        { data: { order: '7' }, failures: 5, error },
      ])
    })
  })

  describe('gives back what a consumer has not begun when it has to stop', () => {
    inEachLanguage('orders/orders', async (example) => {
      const { start, run, out } = example
      const log = orderLog(example)
      const orders = Array.from({ length: 100 }, (_, i) => ({ order: `${i}`, amount: i }))
      const placed = await log.append(...orders)
      await log.append(...orders)
      // Each of the first works goes on until its file is read.
      const files = placed.body.entries
        .slice(0, 10)
        .map(({ id }: { id: string }) => path.join(out, `mail-${id}`))
      await execute('mkfifo', files)
      const { child, exit, stdout, stderr } = start(['mail', log.stream, out])
      const begun = () => stdout().split('\n').length - 1
      await until('it works', () => begun() > 0)
      child.kill('SIGTERM')
      const texts: string[] = []
      await until('it stops', async () => {
        if (begun() > texts.length) texts.push(await readFile(files[texts.length]!, 'utf8'))
        return child.exitCode !== null
      })
      expect(await exit, stderr()).toBe(0)

      expect(texts).toEqual(texts.map((_, i) => `order ${i} is placed\n`))
      expect(texts.length).toBeLessThan(10)
      const { lag, leased, ready } = await log.group('mail')
      expect({ leased, left: lag + ready }).toEqual({ leased: 0, left: 200 - texts.length })
      expect(await run('total', log.stream)).toBe('200 orders, 9900 in all\n')
    })
  })

  describe('has no sum when its first orders are gone', () => {
    inEachLanguage('orders/orders', async (example) => {
      const log = orderLog(example)
      await log.put({ capacity: 1 })
      await log.append({ order: '7', amount: 120 }, { order: '8', amount: 80 })
      const { exit, stdout, stderr } = example.start(['total', log.stream])
      expect(await exit).toBe(1)
      expect(stdout()).toBe('')
      expect(stderr()).toMatch('gone')
    })
  })
})
