import { setTimeout as plainSetTimeout } from 'node:timers'
import fc from 'fast-check'
import { afterAll, afterEach } from 'vitest'
import { forgetLogs, writeLogs } from './kept-logs.js'

// Workers are shared by files: one that leaves its timers behind hangs whichever comes next.
if (setTimeout !== plainSetTimeout) throw new Error('a file before this one left its setTimeout')

// The same cases in every run of a commit; `.ci/long` asks for others.
fc.configureGlobal({ seed: Number(process.env.LOCKSTEP_SEED ?? 1) })

let areKept = false

function keep(name: string): void {
  areKept = true
  process.stderr.write(`The logs of the service and of Redis in "${name}": ${writeLogs()}\n`)
}

afterEach(({ task }) => {
  if (task.result?.state === 'fail') keep(task.name)
})

// biome-ignore lint/correctness/noEmptyPattern: vitest wants to read which fixtures are used
afterAll(({}, file) => {
  // A hook that failed leaves no test to tell.
  if (file.result?.state === 'fail' && !areKept) keep(file.name)
  areKept = false
  forgetLogs()
})
