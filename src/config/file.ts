import { readFileSync } from 'node:fs'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './faults.js'

/** A YAML file (JSON is YAML) that knows the lines of its values. */
export interface ConfigFile {
  readonly values: Readonly<Record<string, unknown>>
  /** `lockstep.yaml:12`: the line of the value at this JSON pointer, or of its nearest parent. */
  placeOf(pointer: string): string
}

/** @throws ConfigError if the file cannot be read or is no YAML mapping */
export function readConfigFile(path: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(readText(path), { lineCounter: lines })
  if (document.errors.length > 0) {
    // The further lines of a message draw the place.
    const texts = document.errors.map(({ message }) => `${path}: ${message.split('\n', 1)[0]}`)
    throw new ConfigError(texts.join('\n'))
  }
  const values = toValues(path, document)
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new ConfigError(`${path} must hold settings by name (port: 7700).`)
  }

  const lineOf = (keys: readonly string[]): number => {
    const node = document.getIn(
      keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
      true,
    )
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    return keys.length === 0 ? 1 : lineOf(keys.slice(0, -1))
  }
  return {
    values: values as Record<string, unknown>,
    placeOf: (pointer) => `${path}:${lineOf(keysOf(pointer))}`,
  }
}

/** The keys of a JSON pointer. */
export const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

/** Throws if aliases expand to too many values: a few lines can mean billions. */
function toValues(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS() ?? {}
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message}`)
  }
}

/** @throws ConfigError that does not show the content, which may be secret */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}
