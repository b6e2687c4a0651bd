import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { openConnection } from '../../src/redis/connection.js'
import { WAIT_MS } from '../support/bounds.js'
import { until } from '../support/until.js'

const SRC = path.resolve(import.meta.dirname, '../../src')

/** A script of the service, which reads it at every call: a new text applies at once. */
export interface Program {
  readonly name: string
  source: string
  sha: string
}

/** A Lua file: the body of one script, or a library of several. */
export interface LuaFile {
  readonly path: string
  readonly text: string
  readonly programs: readonly Program[]
}

export async function loadPrograms(): Promise<readonly Program[]> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('scripts.ts'),
  )
  const modules: Record<string, { program?: Program } | undefined>[] = await Promise.all(
    files.map((file) => import(path.join(SRC, file))),
  )
  return modules
    .flatMap((module) => Object.values(module).map((value) => value?.program))
    .filter((program) => program !== undefined)
}

/** @throws if no script contains this file */
export function readLua(file: string, all: readonly Program[]): LuaFile {
  const text = readFileSync(file, 'utf8')
  const programs = all.filter(({ source }) => source.includes(text))
  if (programs.length === 0) throw new Error(`${file} is neither a script nor a library of one`)
  return { path: file, text, programs }
}

/** @returns a function that restores the old text */
export function replace({ text, programs }: LuaFile, by: string): () => void {
  const before = programs.map(({ source, sha }) => ({ source, sha }))
  for (const program of programs) setSource(program, withText(program, text, by))
  return () => {
    for (const [i, program] of programs.entries()) Object.assign(program, before[i])
  }
}

export function setSource(program: Program, source: string): void {
  program.source = source
  program.sha = createHash('sha1').update(source).digest('hex')
}

const withText = ({ source }: Program, text: string, by: string): string =>
  source.replace(text, () => by)

/** Whether the scripts still parse with another text in place of a file. */
export type Parses = (lua: LuaFile, by: string, before?: string) => Promise<boolean>

export async function openParser(url: string): Promise<{ parses: Parses; close(): void }> {
  const connection = openConnection({ url, purpose: 'lines', timeoutMs: WAIT_MS })
  await until('a Redis that parses', () => connection.isReady())
  return {
    parses({ text, programs }, by, before = '') {
      const source = before + withText(programs[0]!, text, by)
      return connection.client.call('SCRIPT', 'LOAD', source).then(
        () => true,
        () => false,
      )
    },
    close: () => connection.close(),
  }
}
