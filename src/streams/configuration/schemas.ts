import Type from 'typebox'
import { DocumentSource, PatchOf } from '../../http/documents.js'
import { ETagHeader } from '../../http/etag.js'
import { ResourceName } from '../../http/names.js'
import { closed, StreamName } from '../fields.js'
import { DEFAULT_SETTINGS, SettingFields } from '../settings.js'

const Settings = Type.Partial(Type.Object(SettingFields)).properties

export const StreamRequest = Type.Object(Settings, {
  ...closed,
  title: 'StreamSettings',
  examples: [{ capacity: 100, maxAgeMs: 604_800_000 }, { whenFull: 'refuse' }],
})

export const PatchStreamRequest = PatchOf(Settings, {
  title: 'PatchStreamRequest',
  examples: [{ capacity: 1_000 }, { whenFull: 'refuse', maxEntryBytes: 1_024 }],
})

/** `streams:` of the configuration file, by name; they hold in every namespace. */
export const StreamSection = Type.Record(ResourceName, StreamRequest, {
  default: {},
  additionalProperties: Type.Never(),
})

/** What every answer with settings has. */
export const SettingAnswerFields = {
  name: { ...StreamName, description: 'Name of the stream.' },
  ...SettingFields,
}

export const DocumentFields = {
  version: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Grows with every change of the settings; the ETag has it.',
  }),
  source: DocumentSource,
}

export const EXAMPLE_STREAM = {
  name: 'orders',
  ...DEFAULT_SETTINGS,
  capacity: 100_000,
  version: 1_795_223_400_123_456,
  source: 'api',
}

export const ConfiguredStream = Type.Object(
  { ...SettingAnswerFields, ...DocumentFields },
  {
    title: 'ConfiguredStream',
    description: 'The settings of the stream, with the defaults of those that it leaves out.',
    examples: [EXAMPLE_STREAM],
  },
)

export const ConfiguredStreamResponse = { ...ConfiguredStream, headers: ETagHeader }
