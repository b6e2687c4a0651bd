import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { text, useOrigin } from '../cache/origins/test-origin.js'
import { CONDITION_MS } from './bounds.js'
import { ensureCli } from './cli.js'
import { startService } from './service.js'
import { tempFolder } from './temp-folder.js'

const PROJECT = path.resolve(import.meta.dirname, '../..')

/** Where the pages say that the service is. */
const ADDRESS = 'http://127.0.0.1:7700'

/** A block of commands, and the block with their output that follows it. */
const COMMANDS =
  /^```sh\n(?<commands>[\s\S]*?)^```\n(?:\n```(?<label>json|text|http)\n(?<output>[\s\S]*?)^```\n)?/gm

/** The configuration of a page with an origin, which the test starts. */
const WITH_ORIGIN = /^```yaml\n(?<config>[^`]*products\.internal[^`]*)^```\n/m
const ORIGIN = 'http://products.internal:8080'

/** Ends the output of a block. */
const END = '\x1e'

/** What differs from run to run; everything else that a page shows is compared exactly. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b\d{8}T\d{6}Z/g, '<season>'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g, '<time>'],
  [/\b1[6-9]\d{14}\b/g, '<fence or version>'],
  [/\b1[6-9]\d{11}-\d+\b/g, '<event>'],
  [/(?<=<event>\.)[\w-]{12}(?![\w-])/g, '<receipt>'],
  [/\b[0-9a-f]{16}-[0-9a-z]+\b/g, '<request>'],
  [/(?<![\w-])[\w-]{22}(?![\w-])/g, '<secret>'],
  [/(?<=<secret>\.)\w+/g, '<grant>'],
  [/\b[0-9a-z]{10}\.[\w-]{8}(?![\w-])/g, '<receipt>'],
  [/(?<="id":")[0-9a-z]{10}(?=")/g, '<message>'],
  [/(?<=\betag\W+)[a-z0-9]{10}\b/gi, '<etag>'],
  [/(?<="(?:expiresIn|\w+ExpiresIn|retryAfter|resetAfter|visibleFor|readyIn)Ms":)-?\d+/g, '<ms>'],
  [/(?<="(?:held|waited|elapsed|delay|age|ago|idle|load|uptime|oldestReady)Ms":)\d+/g, '<ms>'],
  [/(?<=^(?:age|retry-after|lockstep-lease-expires-in-ms): )\d+/gim, '<n>'],
  [/(?<=\b(?:ttl|t)=)-?\d+/g, '<n>'],
  [/(?<=\bagain in )\d+(?= s\b)/g, '<n>'],
  [/(?<=\bhost-1:)\d+/g, '<pid>'],
]

const withoutVarying = (text: string) =>
  VARYING.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text.trimEnd())

/**
 * Runs the `sh` blocks of a page in one shell against a new service with a Redis of its own.
 * @returns the page with the output of this run where it says something else than the page
 */
export async function runPage(markdown: string): Promise<string> {
  const blocks = [...markdown.matchAll(COMMANDS)].map(({ groups }) => groups!.commands!)
  const outputs = await runInShell(blocks, markdown.match(WITH_ORIGIN)?.groups?.config)
  return markdown.replace(COMMANDS, (block, commands, label, shown = '') => {
    const output = outputs.shift()!
    if (withoutVarying(shown) === withoutVarying(output)) return block
    const kind = label ?? (/^[^{]/m.test(output) ? 'text' : 'json')
    const head = `\`\`\`sh\n${commands}\`\`\`\n`
    return output === '' ? head : `${head}\n\`\`\`${kind}\n${output.trimEnd()}\n\`\`\`\n`
  })
}

/** Stops at the first command that fails, as `sh -e` does, and says so in the output. */
async function runInShell(blocks: readonly string[], config?: string): Promise<string[]> {
  const service = await startService(config === undefined ? {} : await withOrigin(config))
  const url = await service.ready()
  const folder = path.join(tempFolder(), 'page')
  mkdirSync(folder)
  // As on a terminal.
  writeFileSync(path.join(folder, '.curlrc'), 'no-progress-meter')
  symlinkSync(path.join(PROJECT, 'deploy'), path.join(folder, 'deploy'))
  const programs = path.join(folder, '.bin')
  mkdirSync(programs)
  if (blocks.some((block) => /\blockstep /.test(block))) {
    symlinkSync(await ensureCli(), path.join(programs, 'lockstep'))
  }
  const script = blocks.map((block) => `${block}printf '\\036'\n`).join('')
  const shell = spawn('sh', ['-ec', `exec 2>&1\n${script.replaceAll(ADDRESS, url)}`], {
    cwd: folder,
    detached: true,
    env: {
      PATH: `${programs}:${process.env.PATH}`,
      HOME: folder,
      LOCKSTEP_URL: url,
      LC_ALL: 'C.UTF-8',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CONDITION_MS,
  })
  const exit = new Promise<string>((resolve) => {
    shell.once('close', (code, signal) => resolve(`exit code ${code ?? signal}`))
  })
  shell.once('exit', () => endGroup(shell.pid!))
  let output = ''
  shell.stdout.on('data', (chunk) => (output += chunk))
  const end = await exit
  const shown = output
    .replaceAll('\r', '')
    .replaceAll(url, ADDRESS)
    .replaceAll(`${hostname()}:`, 'host-1:')
  const outputs = shown.split(END)
  const rest = outputs.pop()!
  return blocks.map(
    (_, i) => outputs[i] ?? (i === outputs.length ? `${rest}${end}\n` : 'not run\n'),
  )
}

async function withOrigin(config: string): Promise<Record<string, string>> {
  const origin = await useOrigin()
  origin.answer = text('{"name":"Kettle"}')
  const file = path.join(tempFolder(), 'lockstep.yaml')
  writeFileSync(file, config.replaceAll(ORIGIN, origin.url))
  return { LOCKSTEP_CONFIG_FILE: file }
}

/** Ends what a page left running. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing is left.
  }
}
