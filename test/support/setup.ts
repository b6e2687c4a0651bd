import { afterAll, afterEach } from 'vitest'
import { forgetLogs, writeLogs } from './kept-logs.js'

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
