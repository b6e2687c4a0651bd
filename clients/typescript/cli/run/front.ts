import { fork } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EXIT, Failure } from '../failures.js'
import { sendSignal } from './command.js'
import type { Ended, FromHolder, Task, ToHolder } from './messages.js'

export const HOLDER = '--holder'

const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

/** A process that ends itself by these leaves no core and starts no debugger. */
const QUIET: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGPIPE']

/** Resolves when the lock is free, with the end of the command. */
export async function runUnderLock(task: Task): Promise<Ended | FromHolder> {
  const holder = fork(fileURLToPath(import.meta.url), [HOLDER], { execArgv: [] })
  // A channel that has just closed is noticed by its end.
  const send = (message: ToHolder) => void holder.send(message, () => undefined)
  let target = 0
  let last: NodeJS.Signals | undefined
  const forward = (signal: NodeJS.Signals) => {
    last = signal
    const isSent = task.isOnTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')
    if (!isSent || target === 0) send({ kind: 'signal', signal })
  }
  for (const signal of PASSED_ON) process.on(signal, forward)
  try {
    return await new Promise<FromHolder>((resolve, reject) => {
      let answer: FromHolder | undefined
      holder.on('message', (message: FromHolder) => {
        if (message.kind === 'running') target = message.target
        else answer = message
      })
      holder.once('error', reject)
      const end = () => {
        if (answer) return resolve(answer)
        // A signal to the whole group reached it before it could listen.
        if (last && target === 0) return resolve({ kind: 'ended', code: null, signal: last })
        // The lock is free now, so the command must not run on.
        sendSignal(target, 'SIGKILL')
        return reject(new Failure(EXIT.software, 'the process that held the lock has died'))
      }
      // The last message may come after the exit.
      holder.once('exit', () => (holder.connected ? holder.once('disconnect', end) : end()))
      send({ kind: 'run', task })
    })
  } finally {
    for (const signal of PASSED_ON) process.off(signal, forward)
  }
}

/** Ends this process as the command ended. */
export function endAs({ code, signal }: Ended): void {
  process.exitCode = signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 0)
  if (signal && QUIET.includes(signal)) process.kill(process.pid, signal)
}
