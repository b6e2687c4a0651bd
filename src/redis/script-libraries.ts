import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The libraries of a script, in order: each once, after those that it uses itself. A file names a
 * library on a line `-- @use PATH`, relative to itself, unless another one that it names uses it too.
 * @throws Error naming a circle, or a library of which a file uses nothing
 */
export function librariesOf(file: URL, source: string): string[] {
  const texts = new Map<string, string>()
  add([file], source, texts)
  return [...texts.values()]
}

/** @param chain from the script to the file whose text is `source` */
function add(chain: readonly URL[], source: string, texts: Map<string, string>): void {
  const file = chain.at(-1) as URL
  const code = source.replace(/--.*$/gm, '')
  for (const [, use] of source.matchAll(/^-- @use (\S+)$/gm)) {
    const library = new URL(use as string, file)
    const circle = chain.findIndex(({ href }) => href === library.href)
    if (circle >= 0) {
      throw new Error(
        `circle of @use: ${[...chain.slice(circle), library].map(nameOf).join(' -> ')}`,
      )
    }
    const text = texts.get(library.href) ?? readFileSync(library, 'utf8')
    if (!namesOf(text).some((name) => new RegExp(`\\b${name}\\b`).test(code))) {
      throw new Error(`${nameOf(file)} uses nothing of ${nameOf(library)}`)
    }
    if (texts.has(library.href)) continue
    add([...chain, library], text, texts)
    texts.set(library.href, text)
  }
}

const nameOf = (file: URL): string => path.basename(fileURLToPath(file))

/** The functions and constants of a library, all at its top level. */
const namesOf = (text: string): string[] =>
  [...text.matchAll(/^local (?:function )?([\w, ]+)/gm)].flatMap(([, names]) =>
    (names as string).split(',').map((name) => name.trim()),
  )
