import Type from 'typebox'
import { EventOf, EventsAnswer } from '../../http/event-schemas.js'
import { Fence, Metadata, Owner } from '../fields.js'
import { Lock } from '../state-schemas.js'

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,15}-[0-9]{1,15}$',
      description:
        'Id of the last event seen. The events after it come first, or `reset` when some of them are gone.',
    }),
  ),
})

const EXAMPLE = `retry: 1000

event: watching
id: 1795223400120-0
data: {"name":"migrate","state":"free","holders":[],"waiters":[],"queueLength":0}

event: granted
id: 1795223400123-0
data: {"occurredAt":"2026-11-21T01:10:00.123Z","fence":1795223400123456,"owner":"worker-7"}

event: released
id: 1795223412001-0
data: {"occurredAt":"2026-11-21T01:10:12.001Z","fence":1795223400123456,"owner":"worker-7"}

`

const LockChange = Type.Object(
  {
    occurredAt: Type.String({
      format: 'date-time',
      description: 'When it happened, by the clock of Redis. RFC 3339, in UTC.',
    }),
    fence: Type.Optional({
      ...Fence,
      description: 'Of the lease; absent for a request that waits.',
    }),
    owner: Type.Optional({ ...Owner, description: 'The public name that the holder sent.' }),
    metadata: Type.Optional({ ...Metadata, description: 'That the holder sent.' }),
    reason: Type.Optional(
      Type.String({ description: 'Why an operator revoked it, in the words of the operator.' }),
    ),
  },
  { title: 'LockChange', description: 'What happened to a lease, or to a request that waits.' },
)

const CHANGES = ['queued', 'granted', 'changed', 'released', 'expired', 'revoked']
const id = {
  id: Type.String({ description: 'Id of the event: `Last-Event-ID` to go on after it.' }),
}

export const Events = EventsAnswer(
  'LockEvent',
  [
    EventOf('LockStateEvent', ['watching', 'reset'], Lock, id),
    EventOf('LockChangeEvent', CHANGES, LockChange, id),
  ],
  'Begins with `watching`, the state of the lock. Then `queued` (a request waits), `granted`, `changed` (the holder sent other metadata, or made its lease shared), `released`, `expired` and `revoked`, each with the time, and with fence, owner, metadata and reason where they exist. `reset`, the state of the lock now, replaces lost events: the last 1000 are kept, from the first watcher on until a minute after the last one left.',
  EXAMPLE,
)
