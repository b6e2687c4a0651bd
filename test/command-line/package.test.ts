import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.js'

const CLIENT = path.resolve(import.meta.dirname, '../../clients/typescript')
const run = promisify(execFile)

it('runs from the package, which needs no other', async () => {
  const folder = tempFolder()
  await run('npm', ['pack', '--pack-destination', folder], { cwd: CLIENT })
  await run('tar', ['-xzf', path.join(folder, 'lockstep-client-0.1.0.tgz')], { cwd: folder })
  const unpacked = path.join(folder, 'package')
  const manifest = await import(path.join(unpacked, 'package.json'), { with: { type: 'json' } })
  const { bin, dependencies } = manifest.default
  expect({ bin, dependencies }).toEqual({
    bin: { lockstep: 'dist/cli.js' },
    dependencies: undefined,
  })
  const program = path.join(unpacked, bin.lockstep)
  expect((await run(program, ['--version'], { cwd: folder })).stdout).toBe('0.1.0\n')
  const { stdout } = await run(program, ['run', '--help'], { cwd: folder })
  expect(stdout).toContain('LOCKSTEP_FENCE')
  const { Lockstep } = await import(path.join(unpacked, 'dist/lockstep.js'))
  expect(new Lockstep({ url: 'http://127.0.0.1:1' })).toHaveProperty('locks')
})
