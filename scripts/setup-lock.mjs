import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 300

/**
 * Two starts at once must not install into the same node_modules. The kernel holds the lock for
 * this process and drops it with its death, so a stale file never blocks; the pid in it is for the
 * reader only. Where flock(1) is missing, the user is trusted to start one at a time.
 *
 * @param {string} file
 * @param {(line: string) => void} say
 * @returns {Promise<() => void>} the release
 */
export async function takeSetupLock(file, say) {
  const fd = openSync(file, 'a+')
  let isReported = false
  while (isHeldByOther(fd)) {
    if (!isReported) say(`Waiting for ${holder(file)}, which is setting up here.`)
    isReported = true
    await sleep(RETRY_MS)
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`)
  return () => closeSync(fd)
}

function isHeldByOther(fd) {
  const { status } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  return status === 1
}

function holder(file) {
  try {
    const pid = readFileSync(file, 'utf8').trim()
    const command = readFileSync(`/proc/${Number(pid)}/cmdline`, 'utf8')
      .split('\0')
      .join(' ')
    if (command.includes('node')) return `process ${pid} (${command.trim()})`
  } catch {
    // No /proc, or the pid is not written yet.
  }
  return 'another process'
}
