import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** Ctrl-C under npm arrives twice: from the terminal and from npm. Only a later one means "now". */
const REPEAT_MS = 2_000

/**
 * Runs a command as if it had replaced this process, which Node cannot do. Signals reach it and
 * every process it has started, because npm and its shell do not pass signals on. When this
 * resolves, none of these processes is left.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {(child: import('node:child_process').ChildProcess) => void} [started]
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it or us
 */
export function runGroup(command, args, options, started = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, detached: true })
    started(child)
    let first
    const forward = (signal) => {
      if (first === undefined) killGroup(child, signal)
      else if (performance.now() - first.at > REPEAT_MS) killGroup(child, 'SIGKILL')
      first ??= { signal, at: performance.now() }
    }
    for (const signal of SIGNALS) process.on(signal, forward)
    const done = () => {
      for (const signal of SIGNALS) process.off(signal, forward)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      done()
      killGroup(child, 'SIGKILL')
      const by = first?.signal ?? signal
      resolve(by === undefined || by === null ? code : 128 + constants.signals[by])
    })
  })
}

function killGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group has no process left.
  }
}
