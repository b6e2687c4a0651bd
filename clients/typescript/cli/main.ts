import { type Failure, failureOf, outputFailureOf } from './failures.js'
import { note } from './output.js'
import { createProgram } from './program.js'
import { HOLDER } from './run/front.js'
import { serveFront } from './run/holder.js'

declare const LOCKSTEP_CLIENT_VERSION: string

// What follows would be written for no reader, or be taken for done.
process.stdout.on('error', (error) => {
  end(outputFailureOf(error))
  process.exit()
})
// A remark that has no reader ends nothing: a command may run under a lock.
process.stderr.on('error', () => undefined)
try {
  if (process.argv[2] === HOLDER && process.connected) serveFront()
  else await createProgram(LOCKSTEP_CLIENT_VERSION).parseAsync()
} catch (error) {
  end(failureOf(error))
}

/** What was written is flushed before the process ends by itself. */
function end({ code, message }: Failure): void {
  if (message !== '') note(message)
  process.exitCode = code
}
