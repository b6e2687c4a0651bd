import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isProblem, LeaseLostError, type ProblemOf } from '../../src/errors.js'
import { EXIT, failureOf } from '../failures.js'
import { isAlive } from './command.js'
import { HeldCommand } from './held-command.js'
import type { FromHolder, Refused, Task, ToHolder } from './messages.js'

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const

/** Closed when the last process that belongs to the command has ended, or none will begin. */
const ALIVE = 3

/**
 * The process that holds the lock. It outlives the process that the caller waits for, so that a lock
 * whose caller was killed is kept until the command has ended.
 */
export function serveFront(): void {
  // Signals may reach the whole group; the front passes its own on.
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  process.once('message', (message: ToHolder) => {
    if (message.kind === 'run') void hold(message.task)
  })
}

async function hold(task: Task): Promise<void> {
  const held = new HeldCommand(task, send)
  const alive = new Socket({ fd: ALIVE }).on('error', () => undefined).resume()
  const left = new Promise<void>((resolve) => alive.once('close', () => resolve()))
  const over = Promise.all([left, endOf(held, left)])
  void left.then(() => held.giveUp())
  let refused: Refused | undefined
  try {
    await held.keepUntil(over)
  } catch (error) {
    refused = refusalOf(error, task)
  }
  if (refused) send(refused, () => process.exit())
  else process.exit()
}

/** The end of the command that the front started: the front knows, or is gone. */
function endOf(held: HeldCommand, left: Promise<void>): Promise<void> {
  let isLeft = false
  void left.then(() => {
    isLeft = true
  })
  return new Promise((resolve) => {
    process.on('message', (message: ToHolder) => {
      if (message.kind === 'ask') held.sayCertain()
      if (message.kind === 'running') held.begin(message.target)
      if (message.kind === 'over') resolve()
    })
    process.once('disconnect', async () => {
      while (!isLeft && !held.find()) await sleep(50)
      held.stop()
      while (held.target !== 0 && isAlive(Math.abs(held.target))) await sleep(50)
      resolve()
    })
  })
}

function send(message: FromHolder, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, then)
  else then()
}

function refusalOf(error: unknown, { name, periodMs }: Task): Refused {
  if (error instanceof LeaseLostError) {
    const why = 'Too late: The answer took longer than the lease.'
    return { kind: 'refused', code: EXIT.unavailable, why }
  }
  const { code, message } = failureOf(error)
  if (!isProblem(error, 'lock-held', 'wait-timeout', 'lock-delayed')) {
    return { kind: 'refused', code, why: message }
  }
  const owner = error.problem.holders[0]?.owner
  if (periodMs > 0 && isProblem(error, 'lock-held')) {
    const why = `not run: ${inPeriod(error.problem, name, owner)}`
    return { kind: 'refused', code: EXIT.ok, why }
  }
  const why = owner === undefined ? message : `${message} It is held by ${owner}.`
  return { kind: 'refused', code, why }
}

type Held = ProblemOf<'lock-held'>

function inPeriod({ holderCount, retryAfterMs = 0 }: Held, name: string, owner?: string): string {
  if (holderCount > 0) return `"${name}" runs now${owner ? `, under ${owner}` : ''}`
  return `"${name}" ran in this period; again in ${Math.floor(retryAfterMs / 1_000) + 1} s`
}
