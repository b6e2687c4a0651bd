import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EXIT, Failure } from '../failures.js'
import { NOT_EXECUTABLE, RunningCommand, sendSignal } from './command.js'
import {
  type Ended,
  type FromHolder,
  monotonicMs,
  type Refused,
  type Task,
  type ToHolder,
} from './messages.js'

export const HOLDER = '--holder'

const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

/** A process that ends itself by these leaves no core and starts no debugger. */
const QUIET: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGPIPE']

/** Resolves when the lock is free, with the end of the command. */
export async function runUnderLock(task: Task): Promise<Ended | Refused> {
  const stdio = ['inherit', 'inherit', 'inherit', 'pipe', 'ipc'] as const
  const holder = fork(fileURLToPath(import.meta.url), [HOLDER], { execArgv: [], stdio: [...stdio] })
  const front = new Front(task, holder)
  const forward = (signal: NodeJS.Signals) => front.signal(signal)
  for (const signal of PASSED_ON) process.on(signal, forward)
  try {
    return await front.end()
  } finally {
    for (const signal of PASSED_ON) process.off(signal, forward)
  }
}

/**
 * Runs the command while another process holds the lock: when that one dies, this one knows what to
 * kill. The other learns by a pair of sockets, of which the command has one end, that it is over.
 */
class Front {
  readonly #task: Task
  readonly #holder: ChildProcess
  readonly #alive: Socket
  #command: RunningCommand | undefined
  #refused: Refused | undefined
  #last: NodeJS.Signals | undefined

  constructor(task: Task, holder: ChildProcess) {
    this.#task = task
    this.#holder = holder
    this.#alive = holder.stdio[3] as Socket
    this.#alive.on('error', () => undefined)
    holder.on('message', (message: FromHolder) => this.#take(message))
    this.#send({ kind: 'run', task })
  }

  async end(): Promise<Ended | Refused> {
    const { code } = await this.#exit()
    if (this.#command && code === 0) return this.#command.ended
    if (this.#command) {
      // The lock is free now, so the command must not run on.
      sendSignal(this.#command.target, 'SIGKILL')
    } else {
      // Also of a signal to the whole group that reached the holder before it could listen.
      if (this.#last) return { kind: 'ended', code: null, signal: this.#last }
      if (this.#refused) return this.#refused
    }
    throw new Failure(EXIT.software, 'the process that held the lock has died')
  }

  /** Passes a signal on; a place in the queue is given up. */
  signal(signal: NodeJS.Signals): void {
    this.#last = signal
    const isSent = this.#task.isOnTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')
    if (!this.#command) this.#giveUp()
    else if (!isSent) sendSignal(this.#command.target, signal)
  }

  #exit(): Promise<{ code: number | null }> {
    const holder = this.#holder
    return new Promise((resolve, reject) => {
      holder.once('error', reject)
      holder.once('exit', (code) => {
        // The last message may come after the exit.
        if (holder.connected) holder.once('disconnect', () => resolve({ code }))
        else resolve({ code })
      })
    })
  }

  #take(message: FromHolder): void {
    if (this.#command || this.#last || this.#refused) return
    if (message.kind === 'refused') {
      this.#refused = message
      this.#giveUp()
    } else if (monotonicMs() < message.until) this.#start(message.fence)
    // This process was stopped meanwhile.
    else this.#send({ kind: 'ask' })
  }

  #start(fence: number): void {
    try {
      this.#command = new RunningCommand(this.#task, fence, this.#alive)
    } catch (error) {
      const why = `${this.#task.command[0]} cannot be run: ${(error as Error).message}`
      this.#refused = { kind: 'refused', code: NOT_EXECUTABLE, why }
      this.#giveUp()
      return
    }
    this.#send({ kind: 'running', target: this.#command.target })
    this.#alive.destroy()
    void this.#command.ended.then(() => this.#send({ kind: 'over' }))
  }

  #giveUp(): void {
    this.#alive.destroy()
    this.#send({ kind: 'over' })
  }

  /** A channel that has just closed is noticed by its end. */
  #send(message: ToHolder): void {
    this.#holder.send(message, () => undefined)
  }
}

/** Ends this process as the command ended. */
export function endAs({ code, signal }: Ended): void {
  process.exitCode = signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 0)
  if (signal && QUIET.includes(signal)) process.kill(process.pid, signal)
}
