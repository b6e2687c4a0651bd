// npm run lines -- [--all] FILE.lua... [FILE.test.ts...]: deletes every line of these scripts once and
// says which deletions no test notices, of those given or of all of the domain. With --all it also
// says which test notices the others.
import './node-version.mjs'
import { startVitest } from 'vitest/node'

const files = process.argv.slice(2)
if (!files.some((file) => file.endsWith('.lua'))) {
  console.error(
    'Usage: npm run lines -- [--all] src/DOMAIN/scripts/NAME.lua... [test/NAME.test.ts...]',
  )
  process.exit(2)
}
process.env.LOCKSTEP_LINES = files.join(' ')
const vitest = await startVitest('test', [], { config: 'vitest.lines.config.ts', watch: false })
await vitest.close()
