import Type from 'typebox'
import { VisibilityMs } from '../../deliveries/schemas.js'
import { ResourceName } from '../../http/names.js'
import { AfterPlace } from '../entries/schemas.js'
import { Count, closed, EntryId, EXAMPLE_ID, StreamName } from '../fields.js'

const GroupName = {
  ...ResourceName,
  description:
    'Name of the group: a letter or digit, then letters, digits, . _ @ -; at most 128 characters.',
}

export const GroupParams = Type.Object({ stream: StreamName, group: GroupName })

const Place = (description: string) =>
  Type.String({
    ...AfterPlace,
    description: `${description}: the id of an entry, \`start\`, \`end\`, or \`at:\` and a time in RFC 3339, which counts itself.`,
  })

const Visibility = VisibilityMs(
  'Time to settle a delivery, unless its receive says otherwise. Default 30000.',
)

const MaxFailures = Type.Integer({
  minimum: 0,
  maximum: 100,
  description:
    'With so many failures an entry goes to the dead list of the group; 0: it never does. Default 5. 0 to 100.',
})

export const GroupRequest = Type.Object(
  {
    start: {
      ...Place('A new group gets the entries after this place'),
      default: 'end',
    },
    visibilityMs: { ...Visibility, default: 30_000 },
    maxFailures: { ...MaxFailures, default: 5 },
  },
  {
    ...closed,
    title: 'StreamGroupSettings',
    examples: [{}, { start: 'start', visibilityMs: 60_000, maxFailures: 3 }],
  },
)

export const SeekRequest = Type.Object(
  { to: Place('The group goes on after this place') },
  { ...closed, title: 'SeekGroupRequest', examples: [{ to: 'start' }, { to: EXAMPLE_ID }] },
)

export const EXAMPLE_GROUP = {
  name: 'billing',
  visibilityMs: 30_000,
  maxFailures: 5,
  position: EXAMPLE_ID,
  lag: 12,
  leased: 2,
  ready: 0,
  oldestLeaseMs: 840,
  trimmedUnread: 0,
  dropped: 0,
  dead: 1,
}

export const StreamGroup = Type.Object(
  {
    name: GroupName,
    visibilityMs: Visibility,
    maxFailures: MaxFailures,
    position: EntryId('Id of the newest entry that was delivered to the group, or passed over.'),
    lag: Count('Entries after `position`; at most, while deleted ones are among them.'),
    leased: Count('Entries that are delivered and not settled.'),
    ready: Count('Entries that were delivered before and are ready again.'),
    oldestLeaseMs: Type.Optional(
      Count(
        'How long ago the delivery began whose visibility ends first; absent without one. Milliseconds.',
      ),
    ),
    trimmedUnread: Count(
      'Entries that were dropped before they were delivered to the group, deleted ones included.',
    ),
    dropped: Count(
      'Entries that were delivered, and dropped or deleted before they could be delivered again.',
    ),
    dead: Count('Entries of the dead list.'),
  },
  { title: 'StreamGroup', description: 'A group of the stream.', examples: [EXAMPLE_GROUP] },
)

export const StreamGroupList = Type.Object(
  { items: Type.Array(StreamGroup, { description: 'The groups of the stream, by name.' }) },
  {
    title: 'StreamGroupList',
    description: 'The groups of the stream.',
    examples: [{ items: [EXAMPLE_GROUP] }],
  },
)
