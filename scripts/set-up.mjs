import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { runGroup } from './run-group.mjs'
import { takeSetupLock } from './setup-lock.mjs'

export const project = path.resolve(import.meta.dirname, '..')
const own = path.join(project, '.lockstep')
const installed = path.join(own, 'installed')
const built = path.join(own, 'built')

/** An error whose message is for the person who ran the command. */
export class SetUpError extends Error {}

/**
 * Installs the packages and builds, unless that is done for exactly these sources. Compares
 * content, not times: a checkout of an older commit has older files.
 */
export async function setUp() {
  if (isInstalled() && isBuilt()) return
  const release = await lock()
  try {
    // Checks again: the process that held the lock may have done it.
    if (!isInstalled()) await install()
    if (!isBuilt()) await build()
  } finally {
    release()
  }
}

/** Runs an npm script or command of this project; resolves with its exit code. */
export function runNpm(args, options, started) {
  const { npm_execpath: npm = '' } = process.env
  const [command, first] = npm.endsWith('npm-cli.js') ? [process.execPath, [npm]] : ['npm', []]
  return runGroup(
    command,
    [...first, ...args, '--update-notifier=false', ...privateCache()],
    { cwd: project, ...options },
    started,
  )
}

async function lock() {
  try {
    mkdirSync(own, { recursive: true })
    return await takeSetupLock(path.join(own, 'setup.lock'), say)
  } catch (error) {
    throw new SetUpError(
      `${project} is not writable (${error.code ?? error.message}), but Lockstep must install and build there first. Make it writable, or run npm start once as a user who may write.`,
    )
  }
}

function isInstalled() {
  if (!existsSync(path.join(project, 'node_modules/.package-lock.json'))) return false
  const stamp = read(installed)
  return stamp === undefined ? installedByHand() : stamp === installStamp()
}

/** Many CIs run `npm ci` before `npm test`, which may then have no network. */
function installedByHand() {
  const wanted = JSON.parse(read(path.join(project, 'package-lock.json'))).packages
  const present = JSON.parse(read(path.join(project, 'node_modules/.package-lock.json'))).packages
  return Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === '' || present[name]?.version === version || (optional && !(name in present)),
  )
}

async function install() {
  say('Installing packages (npm ci) ...')
  rmSync(installed, { force: true })
  const words = []
  const code = await npm(
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    { stdio: ['ignore', 2, 'pipe'] },
    (child) => {
      child.stderr?.on('data', (chunk) => {
        words.push(chunk)
        process.stderr.write(chunk)
      })
    },
  )
  if (code !== 0) throw new SetUpError(installFailure(String(Buffer.concat(words)), code))
  writeFileSync(installed, installStamp())
}

function installFailure(words, code) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|ENOTCACHED/.test(words)) {
    return 'The packages could not be downloaded: no network, or no way to the npm registry. Connect and run this again.'
  }
  return `npm ci failed with exit code ${code}; its own words are above.`
}

async function build() {
  say('Building ...')
  rmSync(built, { force: true })
  // Output whose source is gone must not remain.
  rmSync(path.join(project, 'dist'), { recursive: true, force: true })
  const code = await npm(['run', '-s', 'build'], { stdio: ['ignore', 2, 2] })
  if (code !== 0) throw new SetUpError('The build failed; the compiler says above why.')
  writeFileSync(built, buildStamp())
}

/** Runs npm. An end by a signal is the user's wish, so no error explains it. */
async function npm(args, options, started) {
  const code = await runNpm(args, options, started).catch(() => {
    throw new SetUpError('npm is not on PATH; it comes with Node.')
  })
  if (code > 128) process.exit(code)
  return code
}

function isBuilt() {
  return existsSync(path.join(project, 'dist/main.js')) && read(built) === buildStamp()
}

function installStamp() {
  const [major] = process.versions.node.split('.')
  return `${hash(['package-lock.json'])} node ${major}\n`
}

function buildStamp() {
  const sources = ['src', 'docs'].flatMap((folder) =>
    readdirSync(path.join(project, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(project, path.join(entry.parentPath, entry.name)))
      .sort(),
  )
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
  const steps = ['copy-assets', 'bundle', 'book'].map((name) => `scripts/${name}.mjs`)
  return `${hash([...settings, ...steps, ...sources])}\n`
}

function hash(files) {
  const sum = createHash('sha256')
  for (const file of files) {
    const content = readFileSync(path.join(project, file))
    // With the length, no two lists of files give the same input.
    sum.update(`${file} ${content.length}\n`).update(content)
  }
  return sum.digest('hex')
}

/** Without a writable home (user nobody, many containers) npm needs another cache. */
function privateCache() {
  const cache = process.env.npm_config_cache ?? path.join(homedir(), '.npm')
  try {
    mkdirSync(cache, { recursive: true })
    accessSync(cache, constants.W_OK)
    return []
  } catch {
    return ['--cache', path.join(own, 'npm')]
  }
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function say(line) {
  process.stderr.write(`${line}\n`)
}
