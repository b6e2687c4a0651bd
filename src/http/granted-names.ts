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

export const isGranted = (names: GrantedNames, name: string): boolean =>
  names === undefined || names.some((rule) => covers(rule, name))

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
