import Type from 'typebox'
import { DEFAULT_IPV6_PREFIX, DEFAULT_TRUSTED_HOPS } from './template.js'

/** The part of a policy that makes a subject of a visitor. */
export const AuthzTemplateSchema = Type.Object(
  {
    key: Type.Array(
      Type.String({
        pattern: "^(address|path|(header|path):[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64})$",
        description: 'address, header:NAME, path or path:NAME.',
      }),
      {
        minItems: 1,
        maxItems: 4,
        description:
          'The parts that distinguish visitors. address: that of the visitor, by X-Forwarded-For. header:NAME: a header. path:NAME: the path of the URI in a header, such as X-Original-URI; path: the path after /authz; spellings of the same path are one. A missing part is -; text that is no valid key is replaced by its SHA-256.',
      },
    ),
    trustedHops: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 16,
        description: `Proxies in front that append to X-Forwarded-For, 0 to 16; 0: the address of the connection. Default ${DEFAULT_TRUSTED_HOPS}.`,
      }),
    ),
    ipv6Prefix: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 128,
        description: `Bits of an IPv6 address that distinguish visitors, 1 to 128. Default ${DEFAULT_IPV6_PREFIX}.`,
      }),
    ),
  },
  {
    title: 'AuthzTemplate',
    additionalProperties: false,
    description: 'For /authz: how a visitor becomes a key. Without it the proxy gives ?key=.',
  },
)

const NAME = '[A-Za-z0-9][A-Za-z0-9._@-]{0,127}'
const PolicyNames = Type.String({
  pattern: `^${NAME}(,${NAME}){0,31}$`,
  description: 'Policies of one group, at most 32, separated by commas.',
})

export const AuthzPathParams = Type.Object({ policy: PolicyNames, '*': Type.String() })

/** Open: a proxy may append the query of its visitor. */
export const AuthzQuery = Type.Object({
  key: Type.Optional(
    Type.String({
      description:
        'The subject, for a policy without `authz`; ignored for one that has it. Text that is no valid key is replaced by its SHA-256, empty text by -.',
    }),
  ),
  denyStatus: Type.Enum(['too-many-requests', 'forbidden'], {
    title: 'DenyStatus',
    default: 'too-many-requests',
    description:
      'Status of a denial: too-many-requests is 429, forbidden is 403, for nginx, which treats 429 as ' +
      'an error. Default too-many-requests.',
  }),
})

export const AuthzPoliciesQuery = Type.Object({
  policies: PolicyNames,
  ...AuthzQuery.properties,
})

export const AuthzHeaders = Type.Object({
  'lockstep-api-token': Type.Optional(
    Type.String({
      description:
        'The API token of the proxy. The proxy must overwrite the header of its visitor.',
    }),
  ),
})
