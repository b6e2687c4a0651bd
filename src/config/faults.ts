/** All faults of a configuration at once, one per line, as a person can read them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
