import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPublicAddress } from './public-address.ts'

/** IANA's special-purpose registries: not to be met on the public internet, or relays to where nobody knows. */
const IPV4_BLOCKS = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
]
const IPV6_BLOCKS = [
  ...['::/128', '::1/128', '100::/64', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', '3fff::/20', '64:ff9b:1::/48', '5f00::/16', '4000::/3', '::/96'],
]

const hostBits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })

test('no address of a private or reserved IPv4 block is public', () => {
  fc.assert(
    fc.property(fc.constantFrom(...IPV4_BLOCKS), hostBits, (block, bits) => {
      expect(isPublicAddress(ipv4In(block, bits))).toBe(false)
    }),
  )
})

test('nor is one of them inside an IPv6 address: mapped, or reached over NAT64', () => {
  const prefixes = fc.constantFrom('::ffff:', '64:ff9b::')
  fc.assert(
    fc.property(fc.constantFrom(...IPV4_BLOCKS), hostBits, prefixes, (block, bits, prefix) => {
      const ipv4 = ipv4In(block, bits)
      expect(isPublicAddress(`${prefix}${ipv4}`)).toBe(false)
      const written = new URL(`http://[${prefix}${ipv4}]`).hostname.slice(1, -1)
      expect(isPublicAddress(written)).toBe(false)
    }),
  )
})

test('no address of a private or reserved IPv6 block is public', () => {
  fc.assert(
    fc.property(fc.constantFrom(...IPV6_BLOCKS), hostBits, (block, bits) => {
      expect(isPublicAddress(ipv6In(block, bits))).toBe(false)
    }),
  )
})

test.each([
  '1.1.1.1',
  '93.184.215.14',
  '172.32.0.1',
  '100.128.0.1',
  '::ffff:1.1.1.1',
  '64:ff9b::1.1.1.1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test('what is no address is not public', () => {
  for (const text of ['', 'localhost', '1.1.1.1.', '1.1.1.1/32', '[::1]', 'fe80::1%eth0'])
    expect(isPublicAddress(text)).toBe(false)
})

function ipv4In(block: string, bits: bigint): string {
  const [base = '', length] = block.split('/')
  const number = base.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const address = within(number, bits, 32n, BigInt(length ?? 32))
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')
}

function ipv6In(block: string, bits: bigint): string {
  const [base = '', length] = block.split('/')
  const [head = '', tail = ''] = base.split('::')
  const [front, back] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array(8 - (front?.length ?? 0) - (back?.length ?? 0)).fill('0')
  const groups = [...(front ?? []), ...zeros, ...(back ?? [])]
  const number = groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
  const address = within(number, bits, 128n, BigInt(length ?? 128))
  return Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 65_535n).toString(16)).join(
    ':',
  )
}

function within(base: bigint, bits: bigint, width: bigint, prefix: bigint): bigint {
  return base | (bits & ((1n << (width - prefix)) - 1n))
}
