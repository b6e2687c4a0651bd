import Type from 'typebox'
import { DocumentSource, PatchOf } from '../../http/documents.js'
import { ETagHeader } from '../../http/etag.js'
import { ResourceName } from '../../http/names.js'
import { closed, QueueName } from '../fields.js'
import { BackoffFields, DEFAULT_SETTINGS, SettingFields } from '../settings.js'

/** In answers all fields are there; one type, so that what was read can be changed and sent. */
const Backoff = Type.Object(Type.Partial(Type.Object(BackoffFields)).properties, {
  ...closed,
  title: 'QueueBackoff',
  description:
    'How long a message waits after a failure that names no delay of its own: a random time, at most `baseMs` after the first failure and twice as much after each further one, never more than `maxMs`.',
})

const Settings = {
  ...Type.Partial(Type.Object(SettingFields)).properties,
  backoff: Type.Optional(Backoff),
}

export const QueueRequest = Type.Object(Settings, {
  ...closed,
  title: 'QueueSettings',
  examples: [
    { visibilityMs: 60_000, maxFailures: 3 },
    { backoff: { baseMs: 500, maxMs: 60_000 }, paused: true },
  ],
})

export const PatchQueueRequest = PatchOf(Settings, {
  title: 'PatchQueueRequest',
  examples: [{ paused: true }, { maxFailures: 3 }],
})

/** `queues:` of the configuration file, by name; they hold in every namespace. */
export const QueueSection = Type.Record(ResourceName, QueueRequest, {
  default: {},
  additionalProperties: Type.Never(),
})

export const SettingAnswerFields = {
  name: { ...QueueName, description: 'Name of the queue.' },
  ...SettingFields,
  backoff: Backoff,
}

export const DocumentFields = {
  version: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Grows with every change of the settings; the ETag is made of it.',
  }),
  source: DocumentSource,
}

export const EXAMPLE_QUEUE = {
  name: 'mails',
  ...DEFAULT_SETTINGS,
  visibilityMs: 60_000,
  version: 1_795_223_400_123_456,
  source: 'api',
}

export const ConfiguredQueue = Type.Object(
  { ...SettingAnswerFields, ...DocumentFields },
  {
    title: 'ConfiguredQueue',
    description: 'The settings of the queue, with the defaults of those that it leaves out.',
    examples: [EXAMPLE_QUEUE],
  },
)

export const ConfiguredQueueResponse = { ...ConfiguredQueue, headers: ETagHeader }
