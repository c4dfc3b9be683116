import ipaddr from 'ipaddr.js'

/** Azure's agent on every of its machines: an address like any other by its number, but only the machine itself reaches it. */
const AZURE_HOST = '168.63.129.16'
/** All that IANA has given out for the public internet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** Networks without IPv4 reach its addresses under this prefix, written into the last 32 bits (RFC 6052). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/**
 * Whether an IP address is one of the public internet. Forms that carry an IPv4 address count by that one where packets reach just that
 * one (mapped, NAT64), and as not public where a relay would decide (6to4, Teredo). What is no IP address is not public.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv4) return isPublicIpv4(address)
  const ipv6 = address as ipaddr.IPv6
  if (ipv6.isIPv4MappedAddress()) return isPublicIpv4(ipv6.toIPv4Address())
  if (ipv6.match(NAT64)) return isPublicIpv4(new ipaddr.IPv4(ipv6.toByteArray().slice(12)))
  return ipv6.match(GLOBAL_UNICAST) && ipv6.range() === 'unicast'
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && address.toString() !== AZURE_HOST
}
