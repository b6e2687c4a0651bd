import { NoAnswerError } from '../src/errors.js'

/**
 * The lines of an answer while it arrives.
 * @throws NoAnswerError when it breaks off, or no more of it arrives for so long
 */
export async function* linesOf(response: Response, silenceMs: number): AsyncGenerator<string> {
  if (response.body === null) return
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read().catch(brokeOff), silenceMs)
      const lines = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = lines.pop() as string
      yield* lines
      if (done) break
    }
  } finally {
    // The rest is of no use.
    void reader.cancel().catch(() => undefined)
  }
  if (rest !== '') yield rest
}

function brokeOff(cause: unknown): never {
  throw new NoAnswerError('the answer of the service broke off', { cause })
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new NoAnswerError(`the service went silent for ${ms} ms`)
    timer = setTimeout(() => reject(error), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
