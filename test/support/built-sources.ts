import path from 'node:path'
import type { Plugin } from 'vitest/config'

const SRC = path.resolve('src') + path.sep
const DIST = path.resolve('dist') + path.sep

/** What Node loads itself. */
export const BUILT = [/\/dist\//]

/**
 * Imports what `npm run build` made of the sources: Vite would transform each of them again for
 * each worker, which takes ten times as long.
 */
export const builtSources: Plugin = {
  name: 'built-sources',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!source.startsWith('.') || importer === undefined) return undefined
    const file = path.resolve(path.dirname(importer), source)
    return file.startsWith(SRC) ? { id: DIST + file.slice(SRC.length), external: true } : undefined
  },
}
