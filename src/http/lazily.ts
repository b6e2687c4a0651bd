/**
 * A function that is compiled by its first call: an instance is asked for few of its routes and
 * answers, and compiling for all of them took a third of its start.
 */
export function lazily<In, Out>(compile: () => (input: In) => Out): (input: In) => Out {
  let compiled: ((input: In) => Out) | undefined
  return (input) => {
    compiled ??= compile()
    return compiled(input)
  }
}
