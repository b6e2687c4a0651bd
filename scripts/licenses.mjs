// npm run licenses: lists the packages of package-lock.json by licence; exit code 1 where one has a
// licence that is not named here.
import { readFileSync } from 'node:fs'

/** Also for what the service and its image contain. */
const USED = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0']
/** For tools alone, which are not passed on. */
const DEVELOPMENT = [...USED, 'MPL-2.0']

const { packages } = JSON.parse(
  readFileSync(process.argv[2] ?? new URL('../package-lock.json', import.meta.url), 'utf8'),
)
const listed = Object.entries(packages)
  .filter(([path]) => path !== '')
  .map(([path, { version, license = 'none', dev = false }]) => ({
    name: `${path.replace(/^.*node_modules\//, '')}@${version}`,
    license,
    isAllowed: isAllowed(license, dev ? DEVELOPMENT : USED),
  }))

for (const license of [...new Set(listed.map((one) => one.license))].sort()) {
  const names = listed.filter((one) => one.license === license).map(({ name }) => name)
  console.log(`${license}: ${[...new Set(names)].sort().join(', ')}`)
}
for (const { name, license } of listed.filter(({ isAllowed }) => !isAllowed)) {
  console.error(`${name} has the licence ${license}, which scripts/licenses.mjs does not name.`)
  process.exitCode = 1
}

/** One of the licences of an expression is enough; anything but a plain choice is refused. */
function isAllowed(license, allowed) {
  return license
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((one) => allowed.includes(one))
}
