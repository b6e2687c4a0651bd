import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A fault in a copy of the built service, which a test must find. */
export interface Mutant {
  readonly name: string
  /** The new line for each place; a place is a line that ends with the comment `@place NAME`. */
  readonly breaks: Readonly<Record<string, string | ((line: string) => string)>>
}

export const SOURCES = path.resolve(import.meta.dirname, '../../src')

/** The file of each place below a source folder. @throws if a place is marked twice */
export function placesOf(folder = SOURCES): Map<string, string> {
  const places = new Map<string, string>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(lua|ts)$/.test(file)) continue
    for (const [, name = ''] of readFileSync(path.join(folder, file), 'utf8').matchAll(MARK)) {
      if (places.has(name)) throw new Error(`marked twice: ${name}`)
      places.set(name, file)
    }
  }
  return places
}

const MARK = /(?:--|\/\/) @place (\S+)$/gm

/** Code runs from the bundle, which has no comments. */
const BUNDLE = 'main.js'

/** @returns the broken text of each file. @throws if a place is not marked */
export function brokenTexts(
  built: string,
  { name, breaks }: Mutant,
  places = placesOf(),
): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [place, by] of Object.entries(breaks)) {
    const source = places.get(place)
    if (source === undefined) throw new Error(`${name}: no line is marked with @place ${place}`)
    const isCode = source.endsWith('.ts')
    const file = isCode ? BUNDLE : source
    const text = texts.get(file) ?? readFileSync(path.join(built, file), 'utf8')
    const marked = markedLine(
      isCode ? readFileSync(path.join(SOURCES, source), 'utf8') : text,
      place,
    )
    if (marked === undefined) throw new Error(`${name}: the built ${file} has no place ${place}`)
    const line = isCode ? marked.code.trim() : marked.line
    if (text.split(line).length !== 2) throw new Error(`${name}: ${file} has not one "${line}"`)
    texts.set(
      file,
      text.replace(line, () => (typeof by === 'string' ? by : by(marked.code))),
    )
  }
  return texts
}

function markedLine(text: string, place: string): { line: string; code: string } | undefined {
  const found = new RegExp(`^(.*?) *(?:--|//) @place ${place}$`, 'm').exec(text)
  return found ? { line: found[0], code: found[1] ?? '' } : undefined
}

/** @returns the folder of the broken service; see `brokenTexts`. */
export function buildMutant(built: string, mutant: Mutant): string {
  const texts = brokenTexts(built, mutant)
  const root = mkdtempSync('/tmp/ls-mutant-')
  onTestFinished(() => rmSync(root, { recursive: true }))
  const folder = path.join(root, 'dist')
  cpSync(built, folder, { recursive: true })
  for (const shared of ['node_modules', 'package.json']) {
    symlinkSync(path.join(built, '..', shared), path.join(root, shared))
  }
  for (const [file, text] of texts) writeFileSync(path.join(folder, file), text)
  return folder
}
