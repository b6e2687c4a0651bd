// npm run lines -- src/DOMAIN/scripts/NAME.lua[:LINE]... [test/NAME.test.ts...]
//
// Deletes every line of these scripts, or of the named lines, once, and lists those without a failing
// test among those named, or among those of the domain and of test/faults.
//   --all    also lists the failing test of each other line
//   --quick  stops testing a line after ten seconds
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
