import Type from 'typebox'
import { ObjectName, ResourceName } from '../http/names.js'

/** A header of an answer, as the document declares it. */
export const header = (description: string) => Type.String({ description })

/** The same for a number that is not negative. */
export const numberHeader = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description })

export const ETAG = { ETag: header('Version of the value: it is never used twice.') }

export const REPLAYED = {
  'Idempotent-Replayed': header('`true` for a repeat, which applied nothing again.'),
}

export const PENDING = {
  'Lockstep-Pending': header(
    'With `write: behind`: the version that the origin of the space has yet to get.',
  ),
}

/** A time of an answer. */
export const timeLeft = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description} Milliseconds.`,
  })

export const SpaceName = {
  ...ResourceName,
  description:
    'Name of the space: a letter or digit, then letters, digits, . _ @ -; at most 128 characters.',
}

export const KeyName = {
  ...ObjectName,
  description: 'The key: 1 to 512 bytes of UTF-8 without control characters, not "." or "..".',
}

export const SpaceParams = Type.Object({ space: SpaceName })

export const EntryParams = Type.Object({ space: SpaceName, key: KeyName })

export const EntryKind = Type.Enum(['bytes', 'counter', 'object'], {
  title: 'CacheEntryKind',
  description: 'What the key holds.',
})

export const EntryState = Type.Enum(['fresh', 'stale', 'negative', 'miss'], {
  title: 'CacheEntryState',
  description:
    'fresh, or stale: there is a value. negative: the key is known to have none. miss: nothing is there.',
})
