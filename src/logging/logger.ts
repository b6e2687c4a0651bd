/** The logger, and bounds on the number of lines of one kind. */

import { type DestinationStream, type LogFn, type Logger, type LoggerOptions, pino } from 'pino'

/** The logged fields of an error. Others, such as the arguments of a command, are left out. */
export interface LoggedError {
  readonly type: string
  readonly message: string
  readonly code?: unknown
  readonly stack: string
  readonly cause?: LoggedError
}

/** Redis repeats the arguments of a command that it does not know. */
const ARGUMENTS = /, with args beginning with:.*/g

export function toLoggedError(error: Error): LoggedError {
  const { name, message, stack = '', cause } = error
  const code = (error as { readonly code?: unknown }).code
  return {
    type: name,
    message: message.replace(ARGUMENTS, ''),
    ...(typeof code === 'string' && { code }),
    stack: stack.replace(ARGUMENTS, ''),
    ...(cause instanceof Error && { cause: toLoggedError(cause) }),
  }
}

/** The log of a process, as JSON lines. Errors are reduced in every field. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    // The hook below has reduced it, before pino reads its message.
    serializers: { err: (reduced: unknown) => reduced },
    hooks: {
      logMethod([fields, ...rest], method) {
        method.apply(this, [reduce(fields), ...rest] as Parameters<LogFn>)
      },
    },
  }
  return destination ? pino(options, destination) : pino(options)
}

function reduce(fields: unknown): unknown {
  if (fields instanceof Error) return { err: toLoggedError(fields) }
  if (typeof fields !== 'object' || fields === null) return fields
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? toLoggedError(value) : value,
    ]),
  )
}
