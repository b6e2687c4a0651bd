import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runPage } from './support/pages.js'

const PROJECT = path.resolve(import.meta.dirname, '..')

/** Commands that cannot run in a test: the first line of each `console` block of a page. */
const CONSOLE: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
    'npm start',
    'docker compose up --build --wait',
    'npm test          # set-up, types, lint and every test, on a real Redis',
  ],
  'docs/cache.md': [
    `curl -i -X PUT --data '{"name":"Grace"}' -H 'Content-Type: application/json' http://127.0.0.1:7700/v1/cache/users/7`,
    `curl -i -X PUT --data '{"items":3}' -H 'Content-Type: application/json' http://127.0.0.1:7700/v1/cache/carts/7`,
  ],
  'docs/command-line.md': [
    'npm run -s cli -- status',
    'lockstep locks watch report',
    "lockstep token new shop --allow shop --scope 'locks:write:jobs/*' --expires-at 2027-01-31T00:00:00Z",
    'lockstep top',
    'eval "$(lockstep completion bash)"   # in ~/.bashrc',
  ],
  'docs/configuration.md': [
    'npm start -- --check-config    # says what is wrong, starts nothing',
    'npm run token -- shop',
  ],
  'docs/leaderboards.md': [
    'LOCKSTEP_REDIS_URL=redis://127.0.0.1:6379 npm run import-board -- KEY BOARD --namespace default',
  ],
  'docs/performance.md': [
    'npm run bench:nodes -- "$(npx -y node@22 -p process.execPath)" "$(npx -y node@24 -p process.execPath)"',
  ],
  'docs/recipes.md': [
    '0 * * * *  /opt/lockstep/deploy/lock-run.sh -q --once-per 3600 report -- /opt/report.sh',
  ],
  'docs/start.md': ['npm start', 'docker compose up --build --wait'],
}

const PAGES = [
  'README.md',
  ...readdirSync(path.join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].sort()

const read = (page: string) => readFileSync(path.join(PROJECT, page), 'utf8')

describe('commands of a page print what it shows', () => {
  it.for(PAGES.filter((page) => read(page).includes('\n```sh\n')))('%s', async (page, { skip }) => {
    for (const program of ['curl', 'python3']) {
      const isUsed = read(page).includes(`${program} `)
      if (isUsed && spawnSync(program, ['--version']).error) skip(`${program} is not installed`)
    }
    await expect(await runPage(read(page))).toMatchFileSnapshot(path.join(PROJECT, page))
  })
})

it.each(PAGES)('%s labels each of its blocks', (page) => {
  const labels = [...read(page).matchAll(/^( *)```(.*)$/gm)]
    .filter((_, i) => i % 2 === 0)
    .map(([, indent, label]) => `${indent}${label}`)
  const known = ['sh', 'console', 'json', 'text', 'http', 'yaml', 'sql', 'ts', 'go', 'python']
  expect(labels.filter((label) => !known.includes(label))).toEqual([])
})

it.each(PAGES)('%s has only the commands that cannot run which are listed here', (page) => {
  const first = [...read(page).matchAll(/^```console\n(.*)$/gm)].map(([, line]) => line)
  expect(first).toEqual(CONSOLE[page] ?? [])
})
