/** The names that begin with a text, or the one name that is this text. */
export interface NameRule {
  readonly text: string
  readonly isPrefix: boolean
}

/** The names for which a token has a scope. Undefined: every name. */
export type GrantedNames = readonly NameRule[] | undefined

/** @param text a name, or the beginning of names and `*` */
export const toNameRule = (text: string): NameRule =>
  text.endsWith('*') ? { text: text.slice(0, -1), isPrefix: true } : { text, isPrefix: false }

/** A key below a name, such as that of a cached value below its space, or with `isPrefix` all that begin so. */
export interface KeyOf {
  readonly name: string
  readonly key: string
  readonly isPrefix?: boolean
}

/** @param of a key is granted by a rule for its name, or for `name/key` */
export function isGranted(names: GrantedNames, of: string | KeyOf): boolean {
  if (names === undefined) return true
  if (typeof of === 'string') return names.some((rule) => covers(rule, of))
  const { name, key, isPrefix = false } = of
  return names.some(
    (rule) =>
      covers(rule, name) || ((rule.isPrefix || !isPrefix) && covers(rule, `${name}/${key}`)),
  )
}

/** As scopes have it. */
export const nameText = (of: string | KeyOf): string =>
  typeof of === 'string' ? of : `${of.name}/${of.key}${of.isPrefix ? '*' : ''}`

const covers = ({ text, isPrefix }: NameRule, name: string): boolean =>
  isPrefix ? name.startsWith(text) : name === text

/** The granted names that begin with `prefix`, as rules of which no two have a name in common. */
export function rulesBelow(names: GrantedNames, prefix: string): readonly NameRule[] {
  const whole = { text: prefix, isPrefix: true }
  const below = (names ?? [whole]).flatMap((rule) => {
    if (rule.text.startsWith(prefix)) return [rule]
    return rule.isPrefix && prefix.startsWith(rule.text) ? [whole] : []
  })
  return below
    .filter((rule, at) => !below.some((other, i) => i !== at && includes(other, rule, i < at)))
    .sort((a, b) => Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)))
}

/** @param isFirst decides between two equal rules */
function includes(other: NameRule, rule: NameRule, isFirst: boolean): boolean {
  if (other.text === rule.text && other.isPrefix === rule.isPrefix) return isFirst
  return other.isPrefix && rule.text.startsWith(other.text)
}
