import Type from 'typebox'
import { ResourceName } from '../../http/names.js'
import { SpaceRequest } from './schemas.js'

/** `spaces:` of the configuration file, by name; they hold in every namespace. */
export const spaceSection = {
  schema: Type.Record(ResourceName, SpaceRequest, {
    default: {},
    additionalProperties: Type.Never(),
  }),
}
