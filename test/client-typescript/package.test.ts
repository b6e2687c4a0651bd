import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.js'

const PROJECT = path.resolve(import.meta.dirname, '../..')
const TSC = path.join(PROJECT, 'node_modules/typescript/bin/tsc')

const PROGRAM = `
import { isProblem, Lockstep } from 'lockstep-client'
import { overSocket } from 'lockstep-client/node'

const lockstep = new Lockstep({ url: 'http://localhost', fetch: overSocket('/nowhere'), timeoutMs: 1 })
const fence: Promise<number> = lockstep.locks.run('a', {}, (held) => held.fence)
// @ts-expect-error there is no such operation
export const wrong = () => lockstep.call('fly', {})
fence.catch((error) => console.log(error.name, isProblem(error, 'lock-held')))
`

it('packs what a project of its own compiles against and runs', () => {
  const folder = tempFolder()
  const at = path.join(folder, 'node_modules/lockstep-client')
  mkdirSync(at, { recursive: true })
  const run = (command: string, args: string[], cwd: string) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const client = path.join(PROJECT, 'clients/typescript')
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder], client)
  const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf('[')))
  const paths = files.map((file: { path: string }) => file.path)
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'dist/lockstep.js', 'dist/node.d.ts']))
  expect(paths.filter((file: string) => !/^(dist\/|README|package)/.test(file))).toEqual([])
  run('tar', ['-xzf', path.join(folder, filename), '--strip-components=1', '-C', at], folder)
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(path.join(folder, 'main.ts'), PROGRAM)
  const strict = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom']
  run(process.execPath, [TSC, ...strict, '--types', '', 'main.ts'], folder)
  expect(run(process.execPath, ['main.js'], folder)).toBe('NoAnswerError false\n')
})
