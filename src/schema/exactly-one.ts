/** A field, or a field with this value. */
type Choice = string | { readonly field: string; readonly is: string | boolean }

/** Options of an object that must have exactly one of these fields; `faultsOf` explains them. */
export const exactlyOneOf = (...choices: readonly Choice[]) => ({ oneOf: choices.map(having) })

/** Options that apply to an object whose field has this value; `faultsOf` explains them. */
export const where = <O extends object>(field: string, is: string, then: O) => ({
  if: having({ field, is }),
  then,
})

const having = (choice: Choice) =>
  typeof choice === 'string'
    ? { required: [choice] }
    : { required: [choice.field], properties: { [choice.field]: { const: choice.is } } }
