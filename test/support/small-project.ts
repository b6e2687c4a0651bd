import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { keepLog } from './kept-logs.js'
import { processesNaming } from './processes.js'
import { tempFolder } from './temp-folder.js'
import { bareEnvironment } from './unprivileged.js'

const SCRIPTS = path.resolve(import.meta.dirname, '../../scripts')

/** A project with our real scripts whose packages and build take no time and no network. */
export interface SmallProject {
  readonly folder: string
  write(file: string, content: string): void
  read(file: string): string
  /** How many builds have run. */
  builds(): number
  run(script: 'start' | 'test', options?: SpawnOptions): Run
}

export interface Run {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  readonly exit: Promise<number | null>
}

/** The commands contain the folder, so that a test finds its own processes. */
const manifestIn = (folder: string) => ({
  name: 'small',
  version: '1.0.0',
  type: 'module',
  scripts: { build: `node ${folder}/build.mjs`, check: `node ${folder}/check.mjs` },
  devDependencies: { tiny: 'file:tiny' },
})

const LOCK = {
  name: 'small',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': { name: 'small', version: '1.0.0', devDependencies: { tiny: 'file:tiny' } },
    'node_modules/tiny': { resolved: 'tiny', link: true },
    tiny: { version: '1.0.0', dev: true },
  },
}

const BUILD = `
import { appendFileSync, cpSync } from 'node:fs'
import 'tiny'
appendFileSync('builds', 'x')
cpSync('src', 'dist', { recursive: true })
`

export function smallProject(mode = 0o700): SmallProject {
  const folder = tempFolder(mode)
  cpSync(SCRIPTS, path.join(folder, 'scripts'), { recursive: true })
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
  }
  write('package.json', JSON.stringify(manifestIn(folder)))
  write('package-lock.json', JSON.stringify(LOCK))
  write('tiny/package.json', JSON.stringify({ name: 'tiny', version: '1.0.0', main: 'tiny.js' }))
  write('tiny/tiny.js', '')
  write('tsconfig.json', '{}')
  write('tsconfig.build.json', '{}')
  write('build.mjs', BUILD)
  write('builds', '')
  write('check.mjs', 'console.log("checked")')
  write('docs/README.md', '# Small')
  write('src/main.js', 'console.log("main in", process.pid)')
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8')
  return {
    folder,
    write,
    read,
    builds: () => read('builds').length,
    run: (script, options) => run(folder, script, options),
  }
}

function run(folder: string, script: string, options: SpawnOptions = {}): Run {
  const child = spawn(process.execPath, [path.join(folder, `scripts/${script}.mjs`)], {
    cwd: folder,
    ...options,
    env: { ...bareEnvironment, ...options.env },
  })
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exit
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (chunk) => (stdout += chunk))
  child.stderr!.on('data', (chunk) => (stderr += chunk))
  keepLog(() => [stdout, stderr, ...processesNaming(folder)].join('\n'))
  return { child, stdout: () => stdout, stderr: () => stderr, exit }
}
