import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { inject } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { bareEnvironment } from '../support/unprivileged.js'
import { FULL } from './bounds.js'
import type { Plan, Record } from './plans.js'

export interface Load {
  readonly processes: number
  readonly seconds: number
  /** Callers of each limit in each process. */
  readonly loops: number
}

export interface Finding {
  readonly admitted: number
  /** The fullest span over what is guaranteed for it. */
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
  const answers = await Promise.all(Array.from({ length: load.processes }, () => work(order)))
  return new Map(
    plans.map(({ name, check }) => {
      const records = answers.flatMap((answer) => answer[name] ?? [])
      return [name, { admitted: records.length, fullest: check(records) }]
    }),
  )
}

/**
 * A broken script admits too much by chance: the load goes on until that is seen.
 * @returns what was found last, if it is not seen within a generous time
 */
export async function findingUntilSeen(folder: string, plan: Plan, load: Load): Promise<Finding> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const found = (await findingsOf(folder, [plan], load)).get(plan.name) as Finding
    if (found.fullest > FULL || performance.now() > deadline) return found
  }
}

type Answer = Readonly<{ [name: string]: readonly Record[] }>

function work(order: string): Promise<Answer> {
  const file = path.join(import.meta.dirname, 'worker.mjs')
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
      if (code === 0) resolve(JSON.parse(text) as Answer)
      else reject(new Error(`a worker ended with ${code}`))
    })
  })
}
