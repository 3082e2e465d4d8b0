import { type IpAddress, IpPrefix, parseIpAddress, tryParseIpAddress } from '@clarion-lb/netaddr'
import { Environment } from '@marcbachmann/cel-js'

/** An IP address in an expression. */
class CelIp {
  readonly address: IpAddress
  constructor(address: IpAddress) {
    this.address = address
  }
}

/** A prefix in an expression. */
class CelCidr {
  readonly prefix: IpPrefix
  constructor(prefix: IpPrefix) {
    this.prefix = prefix
  }
}

function tryParsePrefix(text: string): IpPrefix | undefined {
  try {
    return IpPrefix.parse(text, { hostBits: 'mask' })
  } catch {
    return undefined
  }
}

/**
 * An environment for the rules of CustomResourceDefinitions: CEL with optional types and the Kubernetes libraries for
 * lists, regular expressions, URLs, IP addresses and prefixes.
 */
export function createCelEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true
  })
  for (const name of ['self', 'oldSelf']) environment.registerVariable(name, 'dyn')
  environment.registerType('net.IP', CelIp)
  environment.registerType('net.CIDR', CelCidr)
  addLists(environment)
  addText(environment)
  addAddresses(environment)
  return environment
}

type Comparable = bigint | number | string

function addLists(environment: Environment): void {
  const extreme = (
    list: readonly Comparable[],
    isBetter: (candidate: Comparable, best: Comparable) => boolean
  ): Comparable => {
    const [first, ...rest] = list
    if (first === undefined) throw new RangeError('the list is empty')
    return rest.reduce((best, candidate) => (isBetter(candidate, best) ? candidate : best), first)
  }
  environment
    .registerFunction('list.isSorted(): bool', (list: readonly Comparable[]) =>
      list.every((item, index) => index === 0 || (list[index - 1] ?? item) <= item)
    )
    .registerFunction('list.sum(): dyn', (list: readonly (bigint | number)[]) =>
      typeof list[0] === 'number'
        ? list.reduce((sum: number, item) => sum + Number(item), 0)
        : list.reduce((sum: bigint, item) => sum + BigInt(item), 0n)
    )
    .registerFunction('list.min(): dyn', (list: readonly Comparable[]) =>
      extreme(list, (candidate, best) => candidate < best)
    )
    .registerFunction('list.max(): dyn', (list: readonly Comparable[]) =>
      extreme(list, (candidate, best) => candidate > best)
    )
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
      BigInt(list.indexOf(item))
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
      BigInt(list.lastIndexOf(item))
    )
}

function addText(environment: Environment): void {
  environment
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to)
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) =>
      text.charAt(Number(index))
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? ''
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, pattern: string) => text.match(new RegExp(pattern, 'gu')) ?? []
    )
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text) || /^\/[^\s]*$/.test(text))
}

function addAddresses(environment: Environment): void {
  environment
    .registerFunction('isIP(string): bool', (text: string) => tryParseIpAddress(text) !== undefined)
    .registerFunction('ip(string): net.IP', (text: string) => new CelIp(parseIpAddress(text)))
    .registerFunction('isCIDR(string): bool', (text: string) => tryParsePrefix(text) !== undefined)
    .registerFunction(
      'cidr(string): net.CIDR',
      (text: string) => new CelCidr(IpPrefix.parse(text, { hostBits: 'mask' }))
    )
    .registerFunction('net.IP.family(): int', ({ address }: CelIp) => BigInt(address.family))
    .registerFunction('string(net.IP): string', ({ address }: CelIp) => address.toString())
    .registerFunction('net.CIDR.ip(): net.IP', ({ prefix }: CelCidr) => new CelIp(prefix.first))
    .registerFunction('net.CIDR.prefixLength(): int', ({ prefix }: CelCidr) => BigInt(prefix.length))
    .registerFunction('net.CIDR.containsIP(string): bool', ({ prefix }: CelCidr, text: string) =>
      prefix.contains(parseIpAddress(text))
    )
    .registerFunction('net.CIDR.containsIP(net.IP): bool', ({ prefix }: CelCidr, { address }: CelIp) =>
      prefix.contains(address)
    )
    .registerFunction('string(net.CIDR): string', ({ prefix }: CelCidr) => prefix.toString())
}
