import Type, { type TProperties, type TSchema } from 'typebox'

/**
 * The type of an event with one of these names, or of any name without.
 * @param more members apart from its name and its data
 */
export const EventOf = (
  title: string,
  names: readonly string[],
  data: TSchema,
  more: TProperties = {},
) => {
  const description = 'The name of the event.'
  const event =
    names.length > 0
      ? Type.Enum([...names], { title: `${title}Name`, description })
      : Type.String({ description })
  return Type.Object({ event, ...more, data }, { title })
}

/** An answer that is a stream of these events. */
export const EventsAnswer = (
  title: string,
  events: readonly TSchema[],
  description: string,
  example: string,
) => ({
  description,
  content: {
    'text/event-stream': {
      schema: Type.String({
        contentMediaType: 'text/event-stream',
        contentSchema: Type.Union([...events], { title }),
      }),
      examples: { events: { value: example } },
    },
  },
})
