/** `{` and `}` would change the Cluster slot of a key; `%` marks an escape. */
const ESCAPES: Readonly<Record<string, string>> = { '{': '%7B', '}': '%7D', '%': '%25' }

/** Caller text inside a key. Reversible, so two texts never share a key. */
export const escapeKey = (text: string): string =>
  /[{}%]/.test(text) ? text.replace(/[{}%]/g, (char) => ESCAPES[char] as string) : text

/**
 * The one form of every key: `ls:{<namespace>:<tag>}:<part>:<name>`. Namespace, tag and part hold
 * no braces; the tag decides the Cluster slot. Caller text in a tag is escaped by the caller.
 */
export const redisKey = (namespace: string, tag: string, part: string, name?: string): string =>
  name === undefined
    ? `ls:{${namespace}:${tag}}:${part}`
    : `ls:{${namespace}:${tag}}:${part}:${escapeKey(name)}`
