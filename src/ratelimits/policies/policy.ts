import type { Static } from 'typebox'
import type { AuthzTemplateSchema } from '../authz/schemas.js'
import type { PolicyRequest } from './schemas.js'

/** How much a subject may consume, and how it is counted. */
export type Policy = Readonly<Static<typeof PolicyRequest>>

/** How the visitor of a proxy becomes a subject: authz/template.ts. */
export type AuthzTemplate = Readonly<Static<typeof AuthzTemplateSchema>>
