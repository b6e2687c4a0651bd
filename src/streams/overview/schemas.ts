import Type from 'typebox'
import { ETagHeader } from '../../http/etag.js'
import { PageOf } from '../../http/pages.js'
import { DocumentFields, EXAMPLE_STREAM, SettingAnswerFields } from '../configuration/schemas.js'
import { Count, EntryId, EXAMPLE_ID, StreamName } from '../fields.js'
import { EXAMPLE_GROUP, StreamGroup } from '../groups/schemas.js'

const ContentFields = {
  length: Count(
    'Entries of the stream; while entries are older than `maxAgeMs` and not dropped yet, at most so many.',
  ),
  bytes: Count('Bytes that its entries take, with two and the length of the event for each.'),
  appended: Count('Entries that were ever appended.'),
  oldest: Type.Optional(EntryId('Id of the oldest entry; absent without entries.')),
  newest: Type.Optional(EntryId('Id of the newest entry; absent without entries.')),
}

const CONTENT = {
  length: 100,
  bytes: 8_214,
  appended: 140,
  oldest: EXAMPLE_ID,
  newest: '1795223460007-140',
}

export const StreamResponse = Type.Object(
  {
    ...SettingAnswerFields,
    ...Type.Partial(Type.Object(DocumentFields)).properties,
    ...ContentFields,
    groups: Type.Array(StreamGroup, { description: 'Its groups, by name.' }),
  },
  {
    headers: ETagHeader,
    title: 'Stream',
    description:
      'The settings of the stream and what it holds; `version` and `source` are absent where all settings are defaults.',
    examples: [{ ...EXAMPLE_STREAM, ...CONTENT, groups: [EXAMPLE_GROUP] }],
  },
)

export const StreamList = PageOf(
  Type.Object(
    { name: StreamName, ...ContentFields },
    { title: 'ListedStream', description: 'What one stream holds.' },
  ),
  {
    title: 'StreamList',
    description: 'Streams of the namespace, with settings of their own or entries, by name.',
    examples: [{ items: [{ name: 'orders', ...CONTENT }] }],
  },
)
