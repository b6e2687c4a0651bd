// npm run -s cli -- ARGUMENTS: the command line of this checkout.
import './node-version.mjs'
import { SetUpError, setUp } from './set-up.mjs'

let file
try {
  await setUp()
  const { bundleCli } = await import('./bundle-cli.mjs')
  file = await bundleCli()
} catch (error) {
  console.error(error instanceof SetUpError ? error.message : error)
  process.exit(70)
}
process.argv[1] = file
await import(file)
