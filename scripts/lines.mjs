// npm run lines -- src/DOMAIN/scripts/NAME.lua[:LINE]... [test/NAME.test.ts...]
//
// Deletes every line of these scripts once, or only the lines that are named, and says which of them
// no test misses: none of those named, or none of the domain and of test/faults.
//   --all    also says which test misses the others
//   --quick  gives a line up after ten seconds of tests
import './node-version.mjs'
import { startVitest } from 'vitest/node'

const words = process.argv.slice(2)
if (!words.some((word) => /\.lua(:\d+)?$/.test(word))) {
  console.error('Usage: npm run lines -- src/DOMAIN/scripts/NAME.lua... [test/NAME.test.ts...]')
  process.exit(2)
}
process.env.LOCKSTEP_LINES = words.join(' ')
const vitest = await startVitest('test', [], { config: 'vitest.lines.config.ts', watch: false })
await vitest.close()
