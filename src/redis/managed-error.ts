/** No Redis could be started here; the message is for the person who ran `npm start`. */
export class ManagedRedisError extends Error {
  override readonly name = 'ManagedRedisError'
}
