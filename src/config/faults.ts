/** All faults of a configuration, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
