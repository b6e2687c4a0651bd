import Type from 'typebox'
import { Count, closed, EntryId, EXAMPLE_ID, ReaderName, StreamName } from '../fields.js'

export const ReaderParams = Type.Object({ stream: StreamName, reader: ReaderName })

const Seen = EntryId('Id of the newest entry that the reader saw.')

export const MarkRequest = Type.Object(
  { seen: Seen },
  { ...closed, title: 'StreamMarkRequest', examples: [{ seen: EXAMPLE_ID }] },
)

export const StreamReader = Type.Object(
  {
    name: ReaderName,
    seen: Seen,
    unread: Count('Entries after it that are there, with those among them that were deleted.'),
  },
  {
    title: 'StreamReader',
    description: 'How far a reader has read.',
    examples: [{ name: 'ada', seen: EXAMPLE_ID, unread: 3 }],
  },
)
