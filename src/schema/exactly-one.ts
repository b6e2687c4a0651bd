/** Options of an object that must have exactly one of these fields; `faultsOf` names them. */
export const exactlyOneOf = (...names: readonly string[]) => ({
  oneOf: names.map((name) => ({ required: [name] })),
})
