// The last step of the build: the programs in dist become bundles of themselves and their packages,
// because Node spends most of a start on finding and opening some 1,500 files. The other files of
// dist stay: Lua scripts are among them, and benchmark and tests import parts of the service.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

const dist = path.resolve('dist')

/** A module finds its scripts by its own path in dist, also inside the bundle. */
const own = {
  name: 'own',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/, namespace: 'file' }, async (file) => {
      const place = path.relative(dist, file.path)
      if (place.startsWith('..')) return undefined
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`
      const code = await readFile(file.path, 'utf8')
      return { contents: code.replaceAll('import.meta.url', url), loader: 'js' }
    })
  },
}

await build({
  entryPoints: [path.join(dist, 'main.js'), path.join(dist, 'health.js')],
  outdir: dist,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  plugins: [own],
  // Packages of the older kind ask for Node's modules by require.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
})
