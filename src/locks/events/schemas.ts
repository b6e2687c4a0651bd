import Type from 'typebox'

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

export const Events = {
  description:
    'Begins with `watching`, the state of the lock. Then `queued` (a request waits), `granted`, `released`, `expired` and `revoked`, each with the time, and with fence, owner and reason where they exist. `reset`, the state of the lock now, replaces lost events: the last 1000 are kept, from the first watcher on until a minute after the last one left.',
  content: {
    'text/event-stream': { schema: Type.String(), examples: { events: { value: EXAMPLE } } },
  },
}
