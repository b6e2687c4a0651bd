import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { parentOf, processesNaming } from '../support/processes.js'
import { tempFolder } from '../support/temp-folder.js'
import { runScenario } from './run.js'

/** A service whose first instance starts, and whose second one ends at once. */
const FIRST_ALONE = `
const fs = require('node:fs')
try { fs.mkdirSync(__dirname + '/started') } catch { process.exit(1) }
require('node:http')
  .createServer((_request, response) => response.end())
  .listen(process.env.LOCKSTEP_PORT, '127.0.0.1', () => console.log('it listens on a port'))
`

it('leaves no process where an instance does not start', async () => {
  const folder = tempFolder()
  writeFileSync(path.join(folder, 'main.js'), FIRST_ALONE)
  const size = { seconds: 0, instances: 2, workers: 1, loops: 1 }
  await expect(runScenario('instances killed', folder, size)).rejects.toThrow('ended with 1')
  expect(processesNaming(folder)).toEqual([])
  const resource = path.join(import.meta.dirname, 'resource.mjs')
  const ours = processesNaming(resource).filter(
    (line) => parentOf(Number.parseInt(line, 10)) === process.pid,
  )
  expect(ours).toEqual([])
})
