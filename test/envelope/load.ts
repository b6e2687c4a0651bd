import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { inject } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { bareEnvironment } from '../support/unprivileged.js'
import { FULL } from './bounds.js'
import type { Account, ChangePlan } from './changes.js'
import type { Plan, Record } from './plans.js'

export interface Load {
  readonly processes: number
  readonly seconds: number
  /** Callers of each limit in each process. */
  readonly loops: number
}

export interface Finding {
  readonly admitted: number
  /** The largest ratio of admitted to guaranteed cost of a span. */
  readonly fullest: number
}

/** @param folder of the built service */
export async function findingsOf(
  folder: string,
  plans: readonly Plan[],
  load: Load,
): Promise<ReadonlyMap<string, Finding>> {
  const order = JSON.stringify({
    folder,
    redisUrl: inject('redisUrl'),
    namespace: `t-${randomUUID()}`,
    seconds: load.seconds,
    loops: load.loops,
    limits: plans.map(({ name, policy }) => ({ name, policy })),
  })
  const answers = await Promise.all(
    Array.from({ length: load.processes }, () => work<Answer>('worker.mjs', order)),
  )
  return new Map(
    plans.map(({ name, check }) => {
      const records = answers.flatMap((answer) => answer[name] ?? [])
      return [name, { admitted: records.length, fullest: check(records) }]
    }),
  )
}

export async function findingOf(folder: string, plan: Plan, load: Load): Promise<Finding> {
  return (await findingsOf(folder, [plan], load)).get(plan.name) as Finding
}

/**
 * Repeats the load until a broken script, which depends on chance, admits too much.
 * @returns the last finding, if none breaks the guarantee within a generous time
 */
export async function untilSeen(find: () => Promise<Finding>): Promise<Finding> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const found = await find()
    if (found.fullest > FULL || performance.now() > deadline) return found
  }
}

/**
 * Uses one process, because changes happen between its calls. @param folder of the built service
 */
export async function changeFindingOf(
  folder: string,
  plan: ChangePlan,
  { seconds, loops }: Omit<Load, 'processes'>,
): Promise<Finding> {
  const { name, change, policy, limits } = plan
  const order = JSON.stringify({
    folder,
    redisUrl: inject('redisUrl'),
    namespace: `t-${randomUUID()}`,
    seconds,
    loops,
    plan: { name, change, policy, limits },
  })
  const account = await work<Account>('change-worker.mjs', order)
  return { admitted: account.consumed.length, fullest: plan.check(account) }
}

type Answer = Readonly<{ [name: string]: readonly Record[] }>

function work<A>(script: string, order: string): Promise<A> {
  const file = path.join(import.meta.dirname, script)
  const child = spawn(process.execPath, [file, order], {
    env: bareEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as A)
      else reject(new Error(`a worker ended with ${code}`))
    })
  })
}
