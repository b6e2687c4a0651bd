import { execFile } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A mirror that stalls must not block the start. */
const APT_MS = 180_000
/** A library may need further ones, which show once it is unpacked. */
const LIBRARY_ROUNDS = 5
/** No fetch takes this long: an older folder belongs to one that was killed. */
const OLD_MS = 3_600_000

/**
 * Downloads the Redis of the distribution and unpacks it into `folder`, as an ordinary user: apt gets
 * its own state, lists and cache.
 * @returns why that failed, or undefined when `folder` holds `redis-server` and `lib`
 */
export async function fetchServer(
  folder: string,
  log: (message: string) => void,
): Promise<string | undefined> {
  if (!(await hasCommands('apt-get', 'dpkg-deb', 'ldd'))) {
    return 'fetching one needs apt-get (Debian or Ubuntu)'
  }
  let work: string | undefined
  const stop = new AbortController()
  const clean = () => {
    stop.abort()
    if (work !== undefined) rmSync(work, { recursive: true, force: true })
  }
  // Ctrl-C must not leave a running download or half a server.
  process.once('exit', clean)
  try {
    mkdirSync(path.dirname(folder), { recursive: true })
    clearOld(folder)
    work = mkdtempSync(`${folder}-`)
    log(`No Redis at hand: fetching the distribution's package into ${folder} (once).`)
    await fetchInto(work, stop.signal)
    moveInto(folder, work)
    return undefined
  } catch (error) {
    return `fetching one failed (${lastLine(error)})`
  } finally {
    process.off('exit', clean)
    clean()
  }
}

function clearOld(folder: string): void {
  const parent = path.dirname(folder)
  for (const name of readdirSync(parent)) {
    const left = path.join(parent, name)
    if (!name.startsWith(`${path.basename(folder)}-`)) continue
    if (Date.now() - statSync(left).mtimeMs > OLD_MS) rmSync(left, { recursive: true, force: true })
  }
}

async function fetchInto(work: string, stop: AbortSignal): Promise<void> {
  const apt = privateApt(work, stop)
  // A source that cannot be reached is no failure: the download shows whether it was needed.
  await apt('update').catch(() => {})
  await download(work, apt, ['redis-tools'])
  // In Debian redis-check-rdb of redis-tools is the server; it serves under the name redis-server.
  copyFileSync(path.join(work, 'root/usr/bin/redis-check-rdb'), path.join(work, 'bin/redis-server'))
  for (let round = 0; round < LIBRARY_ROUNDS; round++) {
    const packages = new Map((await missingLibraries(work)).map((so) => [packagesOf(so)[0], so]))
    if (packages.size === 0) return
    for (const so of packages.values()) await download(work, apt, packagesOf(so))
    collectLibraries(work)
  }
}

type Apt = (...args: string[]) => Promise<unknown>

/** apt-get with the sources of the machine and nothing else of it: not its hooks either. */
function privateApt(work: string, stop: AbortSignal): Apt {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs', 'root', 'bin/lib']) {
    mkdirSync(path.join(work, folder), { recursive: true })
  }
  const conf = path.join(work, 'apt.conf')
  writeFileSync(path.join(work, 'status'), '')
  writeFileSync(
    conf,
    `Dir::State "${work}";
Dir::State::lists "${work}/lists";
Dir::State::status "${work}/status";
Dir::Cache "${work}/cache";
APT::Sandbox::User "";
Debug::NoLocking "1";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`,
  )
  // apt reads the file of -c last, so it can clear what /etc/apt sets.
  return (...args) =>
    run('apt-get', ['-q', '-c', conf, ...args], {
      cwd: path.join(work, 'debs'),
      timeout: APT_MS,
      signal: stop,
    })
}

/** Downloads and unpacks the first package of `names` that exists. */
async function download(work: string, apt: Apt, [name = '', ...others]: string[]): Promise<void> {
  const debs = path.join(work, 'debs')
  try {
    await apt('download', name)
  } catch (error) {
    if (others.length === 0) throw error
    return download(work, apt, others)
  }
  for (const deb of readdirSync(debs)) {
    await run('dpkg-deb', ['-x', path.join(debs, deb), path.join(work, 'root')])
    rmSync(path.join(debs, deb))
  }
}

async function missingLibraries(work: string): Promise<string[]> {
  const bin = path.join(work, 'bin')
  const libraries = `LD_LIBRARY_PATH=${path.join(bin, 'lib')}`
  const server = path.join(bin, 'redis-server')
  const { stdout } = await run('env', ['LC_ALL=C', libraries, 'ldd', server])
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!)
}

/**
 * Debian names a package after its library: libjemalloc.so.2 is in libjemalloc2, liblz4.so.1 in
 * liblz4-1, and since the change to 64-bit time libssl.so.3 may be in libssl3t64.
 */
export function packagesOf(library: string): string[] {
  const [, stem = library, version = ''] = /^(.+)\.so\.(\d+)/.exec(library) ?? []
  const owner = stem === 'libcrypto' ? 'libssl' : stem
  const name = `${owner}${/\d$/.test(owner) ? '-' : ''}${version}`
  return [name, `${name}t64`]
}

function collectLibraries(work: string): void {
  for (const file of readdirSync(path.join(work, 'root'), { recursive: true, encoding: 'utf8' })) {
    if (!/\/lib[^/]+\.so\.[\d.]+$/.test(file)) continue
    copyFileSync(path.join(work, 'root', file), path.join(work, 'bin/lib', path.basename(file)))
  }
}

/** Another start may have fetched at the same time: its copy is equal. */
function moveInto(folder: string, work: string): void {
  rmSync(folder, { recursive: true, force: true })
  try {
    renameSync(path.join(work, 'bin'), folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
}

async function hasCommands(...names: string[]): Promise<boolean> {
  const script = 'for name; do command -v "$name" || exit 1; done'
  return run('sh', ['-c', script, 'sh', ...names]).then(
    () => true,
    () => false,
  )
}

/** The last line of apt is the reason; Node begins with the command line. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  return (stderr || message || String(error)).trim().split('\n').at(-1) ?? ''
}
