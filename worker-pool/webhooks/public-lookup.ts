import type { LookupAddress, LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** As `lookup` of node:dns/promises. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { all: true },
) => Promise<LookupAddress[]>

/** A name has no public address, or one beside them that is not. */
export class NotPublicError extends Error {
  override readonly name = 'NotPublicError'
}

/**
 * What a socket asks for addresses: it connects to just those that were looked at here, so that a name cannot resolve to something else
 * between check and connection. One address that is not public refuses the name: an honest receiver has none.
 */
export function publicLookup(resolveAll: ResolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolveAll(hostname, { ...options, all: true })
      .then((addresses) => {
        const arePublic = addresses.every(({ address }) => isPublicAddress(address))
        if (addresses.length === 0 || !arePublic) throw new NotPublicError('not a public address')
        return addresses
      })
      .then(
        (addresses) => answer(addresses),
        (error: Error) => callback(error, ''),
      )

    function answer(addresses: LookupAddress[]): void {
      const [first] = addresses as [LookupAddress]
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    }
  }
}
