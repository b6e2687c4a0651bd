// Imported first, so that an old Node prints a clear message, not a syntax error of a dependency.

const OLDEST = [20, 19]

/**
 * @param {string} version as in process.versions.node
 * @returns {string | undefined} why this Node is too old
 */
export function nodeRefusal(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined
  return `Lockstep needs Node ${OLDEST.join('.')} or later; this is Node ${version}.`
}

const refusal = nodeRefusal(process.versions.node)
if (refusal !== undefined) {
  console.error(refusal)
  process.exit(1)
}
