export interface ReadyStack {
  /** The edge's. */
  url: string
  /** See `firstRequest`. */
  query: string
  pools: number
  /** Whether who sends no API key is served. */
  anonymous: boolean
  /** Of the Redis that was started here. One that was given is in the environment already, and its address may hold a password. */
  ownRedis?: string | undefined
}

/** What to do with a stack that is up. */
export function readyText({ url, query, pools, anonymous, ownRedis }: ReadyStack): string {
  const origin = url.replace('127.0.0.1', 'localhost')
  const address = query === '' ? `${origin}/predict` : `'${origin}/predict${query}'`
  const where = ownRedis === undefined ? '' : `REDIS_URL=${ownRedis} `
  const noPool = `No pool runs here, and photos wait until there is one: start one with

  ${where}npm run worker-pool
`
  const ready = pools === 0 ? '' : 'Ready. '
  const open = `${ready}Send a photo:

  curl -X POST -F image=@examples/cat.jpg ${address}

or drop some at ${origin} in a browser.

No API key is asked for (ALLOW_ANONYMOUS=false npm start asks for one).`
  const closed = `${ready}Make an API key and send a photo:

  KEY=$(${where}npx edgebatch keys create)
  curl -X POST -H "Authorization: Bearer $KEY" -F image=@examples/cat.jpg ${address}

or use the key at ${origin} in a browser.
`
  const forgets = 'API keys and jobs are gone once you stop it; REDIS_URL takes a Redis that keeps them.'
  return [
    ...(pools === 0 ? [noPool] : []),
    anonymous ? open : closed,
    ...(ownRedis === undefined ? [] : [forgets]),
  ].join('\n')
}
