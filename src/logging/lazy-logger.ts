import type { FastifyBaseLogger } from 'fastify'
import { type Bindings, type ChildLoggerOptions, type LogFn, pino } from 'pino'

type Line = Parameters<LogFn>

/**
 * A logger that is created at its first line. Fastify makes a child for every request, few of which
 * log anything, and a child of pino costs half a microsecond.
 */
export class LazyLogger implements FastifyBaseLogger {
  readonly #make: () => FastifyBaseLogger
  #made: FastifyBaseLogger | undefined

  constructor(make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get #logger(): FastifyBaseLogger {
    this.#made ??= this.#make()
    return this.#made
  }

  /** Fastify prefers these to its own, for which it makes a child. */
  get serializers(): unknown {
    return (this.#logger as unknown as Record<symbol, unknown>)[pino.symbols.serializersSym]
  }

  get level(): string {
    return this.#logger.level
  }

  child(bindings: Bindings, options: ChildLoggerOptions = {}): LazyLogger {
    return new LazyLogger(() => this.#logger.child(bindings, options))
  }

  fatal(...line: unknown[]): void {
    this.#logger.fatal(...(line as Line))
  }

  error(...line: unknown[]): void {
    this.#logger.error(...(line as Line))
  }

  warn(...line: unknown[]): void {
    this.#logger.warn(...(line as Line))
  }

  info(...line: unknown[]): void {
    this.#logger.info(...(line as Line))
  }

  debug(...line: unknown[]): void {
    this.#logger.debug(...(line as Line))
  }

  trace(...line: unknown[]): void {
    this.#logger.trace(...(line as Line))
  }

  silent(...line: unknown[]): void {
    this.#logger.silent(...(line as Line))
  }
}
