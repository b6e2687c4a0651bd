// generate.mjs DOCUMENT: writes lockstep.ts, the types of the API. The command line of
// openapi-typescript would do, but for bytes, which it types as string.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

const BYTES = ts.factory.createTypeReferenceNode('Uint8Array')

const [document] = process.argv.slice(2)
const types = await openapiTS(pathToFileURL(path.resolve(document)), {
  defaultNonNullable: false,
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
  transform: ({ format }) => (format === 'binary' ? BYTES : undefined),
})
writeFileSync('lockstep.ts', astToString(types))
