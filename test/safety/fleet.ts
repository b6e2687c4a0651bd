import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { SILENCE_MS, WAIT_MS } from '../support/bounds.js'
import { freePort, withFreePorts } from '../support/free-port.js'
import { keepLog } from '../support/kept-logs.js'
import { bareEnvironment } from '../support/unprivileged.js'
import { until } from '../support/until.js'
import type { LeaseRecord, Register } from './checkers.js'

/** Microseconds of CLOCK_MONOTONIC, as the workers count them. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000n)

/** How much of the end of an instance's log is kept. */
const KEPT_CHARACTERS = 1_000_000

export interface Instance {
  readonly url: string
  kill(signal: NodeJS.Signals): void
  /** Starts it again at the same address after a SIGKILL. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param folder of the built service */
export function startInstance(
  folder: string,
  redisUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Instance> {
  return withFreePorts(async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    let child: ChildProcess
    let log = ''
    keepLog(() => log)
    const start = async () => {
      child = spawn(process.execPath, [path.join(folder, 'main.js')], {
        env: {
          ...bareEnvironment,
          LOCKSTEP_PORT: `${port}`,
          LOCKSTEP_REDIS_URL: redisUrl,
          LOCKSTEP_ENDED_TTL_MS: '1000',
          LOCKSTEP_LOG_LEVEL: 'warn',
          LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}`,
          // A busy machine delays every event loop.
          LOCKSTEP_OVERLOAD_DELAY_MS: `${WAIT_MS}`,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk) => (log = `${log}${chunk}`.slice(-KEPT_CHARACTERS)))
      }
      await firstLine(child, /listens on/)
      // The instance listens before it is connected to Redis.
      await until('a ready instance', async () => (await fetch(`${url}/readyz`)).ok)
    }
    await start().catch(async (error: unknown) => {
      await ended(child, 'SIGKILL')
      throw error
    })
    return {
      url,
      kill: (signal) => void child.kill(signal),
      start,
      stop: () => ended(child, 'SIGKILL'),
    }
  })
}

/** Starts several, or none: where one fails, the others are stopped. */
export async function startInstances(
  count: number,
  folder: string,
  redisUrl: string,
): Promise<Instance[]> {
  const starts = Array.from({ length: count }, () => startInstance(folder, redisUrl))
  const settled = await Promise.allSettled(starts)
  try {
    return await Promise.all(starts)
  } catch (error) {
    await Promise.all(settled.map((one) => one.status === 'fulfilled' && one.value.stop()))
    throw error
  }
}

export interface Resource {
  readonly url: string
  registers(): Promise<Register[]>
  stop(): Promise<void>
}

export async function startResource(): Promise<Resource> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'resource.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstLine(child, /^http/)
  return {
    url,
    registers: async () => (await (await fetch(`${url}/registers`)).json()) as Register[],
    stop: () => ended(child, 'SIGKILL'),
  }
}

export interface Plan {
  readonly services: readonly string[]
  readonly resource: string
  readonly locks: readonly object[]
  readonly ttlMs: number
  readonly waitMs: number
  readonly loops: number
  /** The share of cycles in which a worker stops itself between its read and its write. */
  readonly pauseShare: number
  /** The share of keyed acquires that are repeated after their answer. */
  readonly repeatShare: number
}

export interface Worker {
  readonly leases: LeaseRecord[]
  paused(): number
  /** Ends the worker after its requests in flight. */
  stop(): Promise<void>
}

/** @param pauseMs how long the worker stays stopped after it stops itself */
export function startWorker(plan: Plan, pauseMs: number): Worker {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'worker.mjs'), JSON.stringify(plan)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const leases: LeaseRecord[] = []
  let pauses = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    const record = JSON.parse(line) as { kind: string }
    if (record.kind === 'lease') leases.push(record as unknown as LeaseRecord)
    else {
      pauses++
      setTimeout(() => child.kill('SIGCONT'), pauseMs)
    }
  })
  return { leases, paused: () => pauses, stop: () => ended(child, 'SIGTERM') }
}

function firstLine(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! })
    lines.on('line', (line) => wanted.test(line) && resolve(line))
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)))
  })
}

/** Resumes the process first: a stopped process reacts only to SIGKILL. */
function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    // At `exit` the last lines of a worker may still be in its pipe.
    child.once('close', () => resolve())
    child.kill(signal)
    child.kill('SIGCONT')
  })
}
