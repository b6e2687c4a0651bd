import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { tempFolder } from '../support/temp-folder.js'
import { urlOf } from './service.js'

const harness = useHarness()

const PROJECT = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(PROJECT, 'docs/clients.md'), 'utf8')
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)]

it.each(examples.map(([, program, output]) => ({ program, output })))(
  'an example of docs/clients.md prints what the page shows: $output',
  async ({ program = '', output }) => {
    const outfile = path.join(tempFolder(), 'example.mjs')
    const service = `url: '${urlOf(harness)}', namespace: '${harness.namespace}'`
    const contents = program.replace("url: 'http://127.0.0.1:7700'", service)
    await build({
      stdin: { contents, loader: 'ts', resolveDir: PROJECT },
      alias: { 'lockstep-client': './clients/typescript/src/lockstep.ts' },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      outfile,
      logLevel: 'silent',
    })
    const { stdout } = await promisify(execFile)(process.execPath, [outfile])
    expect(stdout).toBe(output)
  },
)

it('there are thirteen examples', () => {
  expect(examples).toHaveLength(13)
})

it('the page counts the lines of its recipes in each language', () => {
  const [, recipes = ''] = page.split('\n## Recipes\n')
  const rows = [...recipes.matchAll(/^\| (an? .*) \| (\d+) \| (\d+) \| (\d+) \|$/gm)]
  const counts = recipes
    .split('\n### ')
    .slice(1)
    .map((recipe) =>
      [...recipe.matchAll(/```(?:ts|go|python)\n([\s\S]*?)```/g)].map(
        ([, program = '']) => program.split('\n').filter((line) => line.trim() !== '').length,
      ),
    )
  expect(rows.map(([, , ...cells]) => cells.map(Number))).toEqual(counts)
  expect(rows).toHaveLength(5)
})
