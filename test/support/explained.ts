import type supertest from 'supertest'

/** How much of an answer an error shows. */
const SHOWN_CHARACTERS = 2_000

/** Lets the error of a failed expectation show the answer: a status alone does not say why. */
export function explained(test: supertest.Test): supertest.Test {
  const end = test.end.bind(test)
  test.end = (done) =>
    end((error, answer) => {
      const { text } = answer ?? {}
      if (error && text) error.message += `: ${text.slice(0, SHOWN_CHARACTERS)}`
      done?.(error, answer)
    })
  return test
}
