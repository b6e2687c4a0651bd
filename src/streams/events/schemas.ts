import Type from 'typebox'
import { EventOf, EventsAnswer } from '../../http/event-schemas.js'
import { AfterPlace, StreamEntry } from '../entries/schemas.js'
import { closed, EntryId } from '../fields.js'
import { LOST_POSITION } from '../problems.js'

export const EventsQuery = Type.Object(
  {
    after: Type.String({
      ...AfterPlace,
      default: 'end',
      description:
        'Entries after this place, unless `Last-Event-ID` names one: the id of an entry, `start`, `end`, or `at:` and a time in RFC 3339, which counts itself. Default end.',
    }),
  },
  closed,
)

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    EntryId('Id of the last entry seen. The entries after it come first.'),
  ),
})

const EXAMPLE = `retry: 1000

event: order.placed
id: 1795223400123-41
data: {"id":"1795223400123-41","appendedAt":"2026-11-21T01:10:00.123Z","event":"order.placed","data":{"order":7},"encoding":"json"}

event: reset
id: 1795223400123-53
data: {"asked":"1795223400123-41","missed":12,"oldest":"1795223460007-54","newest":"1795223460007-153"}

`

const StreamReset = Type.Object(
  {
    asked: EntryId('The entries after this one were asked for.'),
    ...LOST_POSITION,
  },
  { title: 'StreamReset', description: 'Entries were dropped. Those that are there follow.' },
)

const StreamPlace = Type.Object(
  {},
  { title: 'StreamPlace', description: 'The id of the event is the place.' },
)

const id = { id: EntryId('Id of the event: `Last-Event-ID` to go on after it.') }

export const StreamEvents = EventsAnswer(
  'StreamEvent',
  [
    EventOf('StreamPlaceEvent', ['following'], StreamPlace, id),
    EventOf('StreamResetEvent', ['reset'], StreamReset, id),
    EventOf('StreamEntryEvent', [], StreamEntry, id),
  ],
  'Begins with `following`, whose id is the place, where there is no entry yet. Each entry is an event with its name and its id; the data is the entry as a page shows it. `reset` says that entries after `asked` were dropped: `missed` as in `position-lost`. The entries that are there follow.',
  EXAMPLE,
)
