/** A server-sent event. */
export interface StreamEvent {
  readonly event: string
  readonly id?: string
  readonly data: string
}

/**
 * The events of an answer; comments and `retry` are left out.
 * @param onLine called for each line, also of comments
 */
export async function* eventsOf(
  response: Response,
  onLine: () => void = () => undefined,
): AsyncGenerator<StreamEvent> {
  let fields: Record<string, string> = {}
  for await (const line of linesOf(response)) {
    onLine()
    if (line === '') {
      const { event = 'message', id, data } = fields
      if (data !== undefined) yield { event, data, ...(id !== undefined && { id }) }
      fields = {}
    } else if (!line.startsWith(':')) {
      const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
      fields[name] = value
    }
  }
}

/** The lines of an answer while it arrives. */
export async function* linesOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    yield* lines
  }
  if (rest !== '') yield rest
}
