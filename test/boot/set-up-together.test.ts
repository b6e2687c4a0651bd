import { expect, it } from 'vitest'
import { isAlive, processesNaming } from '../support/processes.js'
import { type SmallProject, smallProject } from '../support/small-project.js'
import { until } from '../support/until.js'

/** Makes the build wait until the test calls the returned function. */
function slowBuild(project: SmallProject): () => void {
  project.write(
    'build.mjs',
    `import { existsSync } from 'node:fs'
     while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20))
     ${project.read('build.mjs').replace("import { appendFileSync, cpSync } from 'node:fs'", '')}`.replace(
      'import { existsSync }',
      'import { appendFileSync, cpSync, existsSync }',
    ),
  )
  return () => project.write('go', '')
}

const buildRuns = ({ folder }: SmallProject) =>
  until('the build runs', () => processesNaming(`${folder}/build.mjs`).length > 0)

it('sets up once when several starts run at the same time', async () => {
  const project = smallProject()
  const runs = [1, 2, 3].map(() => project.run('start'))
  expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0])
  expect(project.builds()).toBe(1)
  for (const run of runs) expect(run.stdout()).toContain(`main in ${run.child.pid}\n`)
})

it('waits for a running set-up, and names its pid', async () => {
  const project = smallProject()
  const go = slowBuild(project)
  const first = project.run('start')
  await buildRuns(project)
  const second = project.run('start')
  await until('its word', () => second.stderr().includes('Waiting'))
  expect(second.stderr()).toMatch(new RegExp(`^Waiting for process ${first.child.pid} \\(.*start`))
  go()
  expect(await second.exit).toBe(0)
  expect(project.builds()).toBe(1)
})

it('takes over from a set-up that was killed', async () => {
  const project = smallProject()
  const go = slowBuild(project)
  const first = project.run('start')
  await buildRuns(project)
  const second = project.run('start')
  await until('its word', () => second.stderr().includes('Waiting'))
  first.child.kill('SIGKILL')
  go()
  expect(await second.exit).toBe(0)
  expect(second.stdout()).toContain('main in')
})

it.each([
  ['of a process that is gone', '4194303'],
  ['of another program that has this pid now', String(process.ppid)],
  ['of nobody', ''],
])('does not wait for a lock file %s', async (_whose, pid) => {
  const project = smallProject()
  project.write('.lockstep/setup.lock', `${pid}\n`)
  const { exit, stderr } = project.run('start')
  expect(await exit).toBe(0)
  expect(stderr()).not.toContain('Waiting')
})

it.each(['SIGTERM', 'SIGINT'] as const)('%s during the build ends everything', async (signal) => {
  const project = smallProject()
  slowBuild(project)
  const { child, exit } = project.run('start')
  await buildRuns(project)
  child.kill(signal)
  expect(await exit).toBe(signal === 'SIGTERM' ? 143 : 130)
  expect(processesNaming(project.folder)).toEqual([])
})

it('passes on the exit code of the check', async () => {
  const project = smallProject()
  const good = project.run('test')
  expect(await good.exit).toBe(0)
  expect(good.stdout()).toContain('checked')
  project.write('check.mjs', 'process.exit(3)')
  expect(await project.run('test').exit).toBe(3)
})

it('ends the check and every process of it together with the command', async () => {
  const project = smallProject()
  project.write(
    'check.mjs',
    `import { spawn } from 'node:child_process'
     spawn('sh', ['-c', 'echo $$; sleep 1000; : ${project.folder}'], { stdio: 'inherit' })
     setInterval(() => {}, 1000)`,
  )
  const { child, exit, stdout } = project.run('test')
  const pid = await until('a grandchild', () => Number(/^\d+$/m.exec(stdout())?.[0]))
  child.kill('SIGTERM')
  expect(await exit).toBe(143)
  expect(isAlive(pid)).toBe(false)
  expect(processesNaming(project.folder)).toEqual([])
})

it('kills a check that does not end, at a second signal after two seconds', async () => {
  const project = smallProject()
  project.write(
    'check.mjs',
    `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log('told'))
     console.log('up')
     setInterval(() => {}, 1000)`,
  )
  const { child, exit, stdout } = project.run('test')
  await until('it runs', () => stdout().includes('up'))
  child.kill('SIGINT')
  await until('it was told', () => stdout().includes('told'))
  const toldAt = performance.now()
  child.kill('SIGINT')
  // Real time: within two seconds a second signal counts as npm's copy of the first.
  await until('the bound has passed', () => performance.now() - toldAt > 2_100)
  expect(processesNaming(`${project.folder}/check.mjs`)).not.toEqual([])
  child.kill('SIGINT')
  expect(await exit).toBe(130)
  expect(processesNaming(project.folder)).toEqual([])
})

it('hides the settings of a service of the user from the tests', async () => {
  const project = smallProject()
  project.write('check.mjs', 'console.log(JSON.stringify(process.env))')
  const { exit, stdout } = project.run('test', {
    env: {
      NODE_ENV: 'production',
      LOCKSTEP_REDIS_URL: 'redis://production',
      LOCKSTEP_PORT: '80',
      LOCKSTEP_REDIS_FIND: 'path',
      LOCKSTEP_TEST_REDIS_URL: 'redis://127.0.0.1',
    },
  })
  expect(await exit).toBe(0)
  const seen = JSON.parse(stdout())
  expect(
    Object.keys(seen)
      .filter((name) => name.startsWith('LOCKSTEP_'))
      .sort(),
  ).toEqual(['LOCKSTEP_REDIS_FIND', 'LOCKSTEP_TEST_BUILT', 'LOCKSTEP_TEST_REDIS_URL'])
  expect(seen.NODE_ENV).toBe('test')
})
