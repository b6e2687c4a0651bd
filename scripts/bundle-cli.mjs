// Makes one file of the command line, its packages and the client: the package needs no other.
import { chmodSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const client = path.resolve(import.meta.dirname, '../clients/typescript')

/** Replaces the file at once, so that a process that starts meanwhile finds a whole one. */
export async function bundleCli(file = path.join(client, 'dist/cli.js')) {
  const { version } = JSON.parse(readFileSync(path.join(client, 'package.json'), 'utf8'))
  const outfile = `${file}.${process.pid}.js`
  const { metafile } = await build({
    entryPoints: [path.join(client, 'cli/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { LOCKSTEP_CLIENT_VERSION: JSON.stringify(version) },
    // Packages of the older kind ask for Node's modules by require.
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'warning',
    metafile: true,
  })
  chmodSync(outfile, 0o755)
  renameSync(outfile, file)
  writeFileSync(file.replace(/js$/, 'licenses.txt'), licensesOf(Object.keys(metafile.inputs)))
  return file
}

/** The packages in the bundle with their licenses, which go wherever they go. */
function licensesOf(inputs) {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [])
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const license = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
      const text = license ? readFileSync(path.join(folder, license), 'utf8') : ''
      return `${path.basename(folder)}\n\n${text.trim()}\n`
    })
    .join('\n\n')
}

if (process.argv[1] === import.meta.filename) await bundleCli()
