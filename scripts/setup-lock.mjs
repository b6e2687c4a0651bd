import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 300

/**
 * Keeps two starts from installing into the same node_modules at once. The kernel drops the lock
 * when this process ends, so a stale file never blocks; the pid in it is only for messages. Without
 * flock(1) nothing is locked.
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
