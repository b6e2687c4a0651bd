import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { smallProject } from '../support/small-project.js'
import { asNobody, giveToNobody } from '../support/unprivileged.js'

it('installs and builds once, then runs the service in its own process', async () => {
  const project = smallProject()
  const first = project.run('start')
  expect(await first.exit).toBe(0)
  expect(first.stdout()).toContain(`main in ${first.child.pid}\n`)
  expect(first.stderr()).toMatch(/^Installing packages[\s\S]*^Building/m)

  const second = project.run('start')
  expect(await second.exit).toBe(0)
  expect(second.stdout()).toBe(`main in ${second.child.pid}\n`)
  expect(second.stderr()).toBe('')
  expect(project.builds()).toBe(1)
})

it('builds again when a source changed, and deletes output without a source', async () => {
  const project = smallProject()
  project.write('src/old.js', '')
  await project.run('start').exit

  const main = path.join(project.folder, 'src/main.js')
  utimesSync(main, 0, 0)
  await project.run('start').exit
  expect(project.builds(), 'the time of a file says nothing').toBe(1)

  rmSync(path.join(project.folder, 'src/old.js'))
  project.write('src/main.js', 'console.log("changed")')
  utimesSync(main, 0, 0)
  const changed = project.run('start')
  await changed.exit
  expect(changed.stdout()).toBe('changed\n')
  expect(changed.stderr()).not.toContain('Installing')
  expect(readdirSync(path.join(project.folder, 'dist'))).toEqual(['main.js'])

  rmSync(path.join(project.folder, 'dist'), { recursive: true })
  await project.run('start').exit
  expect(project.builds()).toBe(3)
})

it.each(['tsconfig.json', 'tsconfig.build.json', 'package.json', 'docs/README.md'])(
  'builds again when %s changed',
  async (file) => {
    const project = smallProject()
    await project.run('start').exit
    project.write(file, `${project.read(file)}\n`)
    await project.run('start').exit
    expect(project.builds()).toBe(2)
  },
)

it('installs again when the lock file changed or the packages are gone', async () => {
  const project = smallProject()
  await project.run('start').exit
  project.write('package-lock.json', `${project.read('package-lock.json')}\n`)
  const changed = project.run('start')
  await changed.exit
  expect(changed.stderr()).toContain('Installing packages')

  rmSync(path.join(project.folder, 'node_modules'), { recursive: true })
  const gone = project.run('start')
  await gone.exit
  expect(gone.stderr()).toContain('Installing packages')
})

it('accepts packages that were installed by hand', async () => {
  const project = smallProject()
  execFileSync('npm', ['ci'], { cwd: project.folder, stdio: 'ignore' })
  const { exit, stderr } = project.run('start')
  expect(await exit).toBe(0)
  expect(stderr()).not.toContain('Installing')
})

it('rejects packages that were installed by hand from another lock file', async () => {
  const project = smallProject()
  execFileSync('npm', ['ci', '--omit=dev'], { cwd: project.folder, stdio: 'ignore' })
  const { exit, stderr } = project.run('start')
  expect(await exit).toBe(0)
  expect(stderr()).toContain('Installing')
})

it('installs its build tools in production as well', async () => {
  const project = smallProject()
  const { exit } = project.run('start', { env: { NODE_ENV: 'production' } })
  expect(await exit).toBe(0)
  expect(existsSync(path.join(project.folder, 'node_modules/tiny'))).toBe(true)
})

it('runs as a user without a home', async () => {
  const project = smallProject(0o755)
  for (const file of [project.folder, path.join(project.folder, 'builds')]) giveToNobody(file)
  const { exit, stdout } = project.run('start', asNobody)
  expect(await exit).toBe(0)
  expect(stdout()).toContain('main in')
  expect(readdirSync(path.join(project.folder, '.lockstep'))).toContain('npm')
})

it('says so when the checkout is read-only', async () => {
  const project = smallProject(0o755)
  if (asNobody.uid === undefined) chmodSync(project.folder, 0o500)
  const { exit, stderr } = project.run('start', asNobody)
  expect(await exit).toBe(1)
  expect(stderr()).toMatch(/^\S+ is not writable \(EACCES\), but .*\.\n$/)
  chmodSync(project.folder, 0o755)
})

it('starts from a read-only checkout that is set up', async () => {
  const project = smallProject(0o755)
  await project.run('start').exit
  if (asNobody.uid === undefined) chmodSync(project.folder, 0o500)
  const { exit, stderr } = project.run('start', asNobody)
  expect(await exit).toBe(0)
  expect(stderr()).toBe('')
  chmodSync(project.folder, 0o755)
})

it('says so when the network is missing', async () => {
  const project = smallProject()
  const lock = JSON.parse(project.read('package-lock.json'))
  lock.packages['node_modules/far'] = { version: '1.0.0', resolved: 'http://127.0.0.1:9/far.tgz' }
  lock.packages[''].dependencies = { far: '1.0.0' }
  project.write('package-lock.json', JSON.stringify(lock))
  const manifest = JSON.parse(project.read('package.json'))
  project.write('package.json', JSON.stringify({ ...manifest, dependencies: { far: '1.0.0' } }))

  const { exit, stderr } = project.run('start', {
    env: { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' },
  })
  expect(await exit).toBe(1)
  expect(stderr().trim().split('\n').at(-1)).toMatch(
    /^The packages could not be downloaded: no net/,
  )
})

it('says so when the build fails, and builds again the next time', async () => {
  const project = smallProject()
  const good = project.read('build.mjs')
  await project.run('start').exit
  project.write('src/main.js', 'console.log("newer")')
  project.write('build.mjs', 'console.error("line 1: no"); process.exit(2)')
  const { exit, stdout, stderr } = project.run('start')
  expect(await exit).toBe(1)
  expect(stderr()).toContain('line 1: no\nThe build failed; the compiler says above why.\n')
  expect(stdout()).toBe('')

  project.write('build.mjs', good)
  const again = project.run('start')
  expect(await again.exit).toBe(0)
  expect(again.stdout()).toBe('newer\n')
})

it('says so when npm is missing', async () => {
  const { exit, stderr } = smallProject().run('start', { env: { PATH: '/nowhere' } })
  expect(await exit).toBe(1)
  expect(stderr()).toContain('npm is not on PATH')
})

it('refuses an old Node before it reads anything else', async () => {
  const project = smallProject()
  project.write(
    'old.mjs',
    `Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })`,
  )
  const { exit, stderr } = project.run('start', {
    env: { NODE_OPTIONS: `--import=${project.folder}/old.mjs` },
  })
  expect(await exit).toBe(1)
  expect(stderr()).toBe('Lockstep needs Node 20.19 or later; this is Node 18.20.4.\n')
})
