// npm start: installs and builds if needed, then becomes the service. It runs in this very process,
// so that a signal sent to npm or to this pid reaches it.
import './node-version.mjs'
import { SetUpError, setUp } from './set-up.mjs'

try {
  await setUp()
} catch (error) {
  console.error(error instanceof SetUpError ? error.message : error)
  process.exit(1)
}
await import('../dist/main.js')
