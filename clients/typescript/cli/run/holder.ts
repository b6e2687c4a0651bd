import { isProblem, LeaseLostError, type ProblemOf } from '../../src/errors.js'
import { EXIT, failureOf } from '../failures.js'
import { HeldCommand } from './held-command.js'
import type { FromHolder, Task, ToHolder } from './messages.js'

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const

/**
 * The process that holds the lock and runs the command. It outlives the process that the caller
 * waits for, so that a lock whose caller was killed is kept until the command has ended.
 */
export function serveFront(): void {
  // Signals may reach the whole group; those of the caller come as messages.
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  process.once('message', (message: ToHolder) => {
    if (message.kind === 'run') void hold(message.task)
  })
}

async function hold(task: Task): Promise<void> {
  const held = new HeldCommand(task)
  let signal: NodeJS.Signals | undefined
  process.once('disconnect', () => held.stop())
  process.on('message', (message: ToHolder) => {
    if (message.kind !== 'signal') return
    signal = message.signal
    held.signal(message.signal)
  })
  let answer: FromHolder
  try {
    answer = await held.run((target) => send({ kind: 'running', target }))
  } catch (error) {
    answer = signal ? { kind: 'ended', code: null, signal } : refusalOf(error, task)
  }
  send(answer, () => process.exit())
}

function send(message: FromHolder, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, then)
  else then()
}

function refusalOf(error: unknown, { name, periodMs }: Task): FromHolder {
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
