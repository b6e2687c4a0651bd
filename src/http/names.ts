import Type from 'typebox'

/** Names of configuration: policies, boards, spaces. */
export const ResourceName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$',
  description: 'Starts with a letter or digit; then letters, digits, . _ @ -; at most 128.',
})

/** Names that exist by use: locks, subjects, cache keys, members. */
export const ObjectName = Type.String({
  minLength: 1,
  maxLength: 512,
  format: 'object-name',
  description:
    '1 to 512 bytes of UTF-8 without control characters, not "." or "..". Percent-encode it in a path.',
})

export const DurationMs = (minimum: number, maximum: number, description: string) =>
  Type.Integer({
    minimum,
    maximum,
    description: `${description} Milliseconds, ${minimum} to ${maximum}.`,
  })
