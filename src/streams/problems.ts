import Type from 'typebox'
import { defineProblems, type Problem } from '../http/problem.js'
import { Count, EntryId } from './fields.js'
import type { Stream } from './settings.js'

/** What a place that is lost has left. */
export const LOST_POSITION = {
  missed: Type.Optional(
    Count(
      'Entries after it that were dropped, deleted ones included; absent where the history was replaced by another.',
    ),
  ),
  oldest: Type.Optional(EntryId('Id of the oldest entry; absent without entries.')),
  newest: Type.Optional(EntryId('Id of the newest entry; absent without entries.')),
}

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'stream-not-found': {
    status: 404,
    title: 'Stream not found',
    cause:
      'The stream has no settings of its own, no entries and no groups, or no settings to change.',
    remedy: 'Append to it, PUT its settings, or compare the name with the list of streams.',
    retry: 'no',
  },
  'group-not-found': {
    status: 404,
    title: 'Group not found',
    cause: 'The stream has no group of this name, or it was deleted with its stream.',
    remedy: 'PUT the group, or compare the name with the list of groups.',
    retry: 'no',
  },
  'too-many-groups': {
    status: 429,
    title: 'The stream has too many groups',
    cause: 'A stream has at most 32 groups.',
    remedy: 'Delete unused groups.',
    retry: 'no',
  },
  'too-many-entry-receivers': {
    status: 429,
    title: 'Too many receivers of a group wait',
    cause:
      'As many requests wait for entries at this instance as LOCKSTEP_GROUP_WAITERS allows for one group of a stream.',
    remedy: 'Ask again later, without `waitMs`, or of another instance.',
    retry: 'later',
  },
  'position-lost': {
    status: 410,
    title: 'Position is lost',
    cause:
      'Entries after the id that the request names were dropped, because of `capacity`, `maxBytes`, `maxAgeMs` or a DELETE, or Redis lost its history, as in a failover.',
    remedy: 'Build your state again from `start`, or read on after `end`.',
    retry: 'no',
    members: Type.Object(LOST_POSITION, {
      title: 'PositionLostProblem',
      examples: [{ missed: 12, oldest: '1795223400123-53', newest: '1795223460007-152' }],
    }),
  },
  'too-many-entries': {
    status: 429,
    title: 'Stream is full',
    cause:
      'With these entries the stream would hold more than its `capacity` or its `maxBytes`, and it refuses instead of dropping the oldest.',
    remedy: 'Raise the bound, delete entries, or wait until the oldest are older than `maxAgeMs`.',
    retry: 'later',
    members: Type.Object(
      {
        limit: Type.Enum(['capacity', 'maxBytes'], {
          title: 'StreamBound',
          description: 'The setting that refuses them.',
        }),
      },
      { title: 'StreamFullProblem', examples: [{ limit: 'capacity', retryAfterMs: 1_000 }] },
    ),
  },
  'reader-not-found': {
    status: 404,
    title: 'Reader not found',
    cause: 'The reader has no mark: none was set, or it was among those that were set longest ago.',
    remedy: 'Take all entries as unread, and mark what the reader sees.',
    retry: 'no',
  },
  'too-many-readers': {
    status: 429,
    title: 'Too many readers wait',
    cause:
      'As many requests wait for entries at this instance as LOCKSTEP_STREAM_WAITERS allows for one stream.',
    remedy: 'Ask again later, without `waitMs`, or of another instance; or follow the stream.',
    retry: 'later',
  },
})

const RETRY_FULL_MS = 1_000

export const streamFull = ({ name, settings }: Stream, limit: 'capacity' | 'maxBytes'): Problem =>
  problem(
    'too-many-entries',
    `With these entries "${name}" would hold more than its ${limit} of ${settings[limit]}.`,
    { extensions: { limit }, retryAfterMs: RETRY_FULL_MS },
  )

export const tooManyReaders = ({ name }: Stream): Problem =>
  problem(
    'too-many-readers',
    `Too many requests wait for entries of "${name}", or of all streams.`,
    {
      retryAfterMs: RETRY_FULL_MS,
    },
  )

export const readerNotFound = (stream: string, reader: string): Problem =>
  problem('reader-not-found', `The reader "${reader}" of the stream "${stream}" has no mark.`)

export const streamNotFound = (stream: string): Problem =>
  problem(
    'stream-not-found',
    `The stream "${stream}" has neither settings, nor entries, nor groups.`,
  )

interface NamedGroup {
  readonly stream: Stream
  readonly group: string
}

export const groupNotFound = ({ stream, group }: NamedGroup): Problem =>
  problem('group-not-found', `The stream "${stream.name}" has no group "${group}".`)

export const tooManyEntryReceivers = ({ stream, group }: NamedGroup): Problem =>
  problem(
    'too-many-entry-receivers',
    `Too many requests wait for entries of "${group}" of "${stream.name}", or of all groups.`,
    { retryAfterMs: RETRY_FULL_MS },
  )

export const tooManyGroups = (stream: string): Problem =>
  problem('too-many-groups', `The stream "${stream}" has 32 groups.`)
