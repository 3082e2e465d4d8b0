import { describe, expect, test } from 'vitest'
import { BgpDecodeError } from '../errors.ts'
import { messageOf, openOf, plain } from '../fixtures/bytes.ts'
import { encoding } from '../fixtures/corpus.ts'
import { decodeMessage } from './codec.ts'

function outcomeOf(bytes: Uint8Array): unknown {
  try {
    return plain(decodeMessage(bytes, encoding({})))
  } catch (error) {
    if (!(error instanceof BgpDecodeError)) throw error
    const { code, subcode, data } = error.notification
    return `${code}/${subcode} ${Buffer.from(data).toString('hex')}`.trim()
  }
}

describe('an OPEN is refused', () => {
  test.each([
    ['version 3', '2/1 0004', '03 fde9 005a c0000201', '00'],
    ['version 5', '2/1 0004', '05 fde9 005a c0000201', '00'],
    ['RFC 7607: AS 0', '2/2', '04 0000 005a c0000201', '00'],
    ['RFC 7607: AS 0 of four octets', '2/2', '04 fde9 005a c0000201', '08 02 06 41 04 00000000'],
    ['RFC 6286: identifier 0.0.0.0', '2/3', '04 fde9 005a 00000000', '00'],
    ['a hold time of 1 s', '2/6', '04 fde9 0001 c0000201', '00'],
    ['a hold time of 2 s', '2/6', '04 fde9 0002 c0000201', '00']
  ])('%s: %s', (_, notification, fixed, parameters) => {
    expect(outcomeOf(openOf(parameters, fixed))).toBe(notification)
  })

  test.each([
    ['authentication, which RFC 4271 dropped', '2/4', '03 01 01 00'],
    ['an unknown parameter', '2/4', '04 63 02 0000'],
    ['parameters longer than the message', '2/0', '04 02 00'],
    ['octets behind the parameters', '2/0', '00 02 00'],
    ['a parameter longer than the parameters', '2/0', '02 02 05'],
    ['a parameter of one octet', '2/0', '01 02'],
    ['a capability longer than its parameter', '2/0', '04 02 02 41 04'],
    ['a capability of one octet', '2/0', '03 02 01 41'],
    ['a four-octet AS number of two octets', '2/0', '06 02 04 41 02 fde9'],
    ['a four-octet AS number of six octets', '2/0', '0a 02 08 41 06 0000fde90000'],
    // RFC 9072; the shapes of CVE-2022-40302, CVE-2022-40318 and CVE-2022-43681.
    ['extended: no length', '2/0', 'ff ff'],
    ['extended: half a length', '2/0', 'ff ff 00'],
    ['extended: a length past the end', '2/0', 'ff ff 0005 02'],
    ['extended: a length short of the end', '2/0', 'ff ff 0000 02'],
    ['extended: a parameter without its length', '2/0', 'ff ff 0001 02'],
    ['extended: a parameter with half a length', '2/0', 'ff ff 0002 02 00'],
    ['extended: a parameter past the end', '2/0', 'ff ff 0003 02 ffff'],
    ['extended: a capability past the end', '2/0', 'ff ff 0005 02 0002 01 ff'],
    ['extended: an unknown parameter', '2/4', 'ff ff 0003 63 0000']
  ])('with %s: %s', (_, notification, parameters) => {
    expect(outcomeOf(openOf(parameters))).toBe(notification)
  })

  test('without all of its fixed part: 1/2', () => {
    expect(outcomeOf(messageOf(1, '04 fde9 005a c00002'))).toBe('1/2 001b')
  })
})

describe('capabilities', () => {
  test.each([
    ['in one parameter', '0e 02 0c 01 04 00010001 01 04 00020001'],
    ['in one parameter each', '10 02 06 01 04 00010001 02 06 01 04 00020001'],
    ['twice', '1c 02 0c 01 04 00010001 01 04 00020001 02 0c 01 04 00010001 01 04 00020001'],
    ['with lengths of two octets', 'ff ff 000f 02 000c 01 04 00010001 01 04 00020001'],
    ['with lengths of two octets, and another first one', '07 ff 000f 02 000c 01 04 00010001 01 04 00020001'],
    ['with the reserved octet set', '0e 02 0c 01 04 0001ff01 01 04 0002ff01']
  ])('may stand %s', (_, parameters) => {
    expect(outcomeOf(openOf(parameters))).toMatchObject({ capabilities: { families: [4, 6], unknown: [] } })
  })

  test('no parameters: IPv4 in the old way, and an AS number of two octets', () => {
    expect(outcomeOf(openOf('00'))).toMatchObject({
      asn: 65_001,
      holdTimeMs: 90_000,
      bgpIdentifier: '192.0.2.1',
      capabilities: { families: [], hasFourOctetAsn: false, hasRouteRefresh: false }
    })
    expect(outcomeOf(openOf('02 02 00'))).toMatchObject({ capabilities: { families: [] } })
  })

  test('a hold time of 0 is one', () => {
    expect(outcomeOf(openOf('00', '04 fde9 0000 c0000201'))).toMatchObject({ holdTimeMs: 0 })
  })

  test('the last of several counts, RFC 4724 §3', () => {
    const parameters = '10 02 0e 40 02 8078 40 02 4005 41 04 00000001'
    expect(outcomeOf(openOf(parameters))).toMatchObject({
      asn: 1,
      capabilities: { gracefulRestart: { isRestarting: false, hasNotification: true, restartTimeMs: 5000 } }
    })
  })

  // As good as absent, and kept as they came.
  test.each([
    ['multiprotocol of three octets', '01 03 000100'],
    ['multiprotocol of a family not known here', '01 04 00190041'],
    ['route refresh with a value', '02 01 00'],
    ['extended next hop of five octets', '05 05 0001000100'],
    ['extended next hop of no octets', '05 00'],
    ['extended next hop for another family', '05 06 000100800002'],
    ['extended message with a value', '06 01 00'],
    ['graceful restart of one octet', '40 01 80'],
    ['graceful restart with half a family', '40 04 80780001'],
    ['FQDN of no octets', '49 00'],
    ['FQDN whose host name is longer than itself', '49 03 ff 6161'],
    ['FQDN whose domain name is longer than itself', '49 04 01 61 05 62'],
    ['FQDN without a domain name', '49 02 01 61'],
    ['role, RFC 9234', '09 01 00'],
    ['add-path, RFC 7911', '45 04 00010101'],
    ['one that nobody knows', 'ef 03 010203']
  ])('%s', (_, capability) => {
    const octets = capability.replaceAll(' ', '')
    const length = octets.length / 2
    const parameters = [length + 2, 2, length].map((octet) => octet.toString(16).padStart(2, '0')).join('')
    expect(outcomeOf(openOf(parameters + octets))).toMatchObject({
      capabilities: {
        families: [],
        hasRouteRefresh: false,
        hasExtendedNextHop: false,
        hasExtendedMessage: false,
        gracefulRestart: undefined,
        fqdn: undefined,
        unknown: [{ code: Number.parseInt(octets.slice(0, 2), 16), value: octets.slice(4) }]
      }
    })
  })

  test('graceful restart: families not known here are left out', () => {
    expect(outcomeOf(openOf('0e 02 0c 40 0a c078 00010180 00190200'))).toMatchObject({
      capabilities: { gracefulRestart: { families: [{ family: 4, isForwardingPreserved: true }] } }
    })
  })

  test('names are for logs: control characters are left out', () => {
    expect(outcomeOf(openOf('0b 02 09 49 07 04 610a1b62 01 63'))).toMatchObject({
      capabilities: { fqdn: { hostName: 'ab', domainName: 'c' } }
    })
  })
})

describe('ROUTE-REFRESH', () => {
  test.each([
    ['a family not known here', '0019 00 41', { family: undefined, subtype: 'request' }],
    ['an unknown subtype, to be ignored', '0001 07 01', { family: undefined, subtype: 'request' }],
    ['a route filter that was not offered', '0001 00 01 0102', { family: 4, subtype: 'request' }]
  ])('%s', (_, body, expected) => {
    expect(outcomeOf(messageOf(5, body))).toEqual({ type: 'routeRefresh', ...expected })
  })

  test('RFC 7313 §5: a begin of another length is 7/1, the message its data', () => {
    const marker = 'ff'.repeat(16)
    expect(outcomeOf(messageOf(5, '0001 01 01 00'))).toBe(`7/1 ${marker}0018050001010100`)
    expect(outcomeOf(messageOf(5, '0001 02'))).toBe(`7/1 ${marker}001605000102`)
  })

  test('a request that is too short is 1/2', () => {
    expect(outcomeOf(messageOf(5, '0001 00'))).toBe('1/2 0016')
    expect(outcomeOf(messageOf(5, ''))).toBe('1/2 0013')
  })
})

test('what is decoded does not change with the bytes it came from', () => {
  for (const bytes of [messageOf(3, '06 02 03 627965'), openOf('05 02 03 ef 01 07')]) {
    const message = decodeMessage(bytes, encoding({}))
    const before = plain(message)
    bytes.fill(0)
    expect(plain(message)).toEqual(before)
  }
})

test('bytes that are not exactly one message are 1/2', () => {
  expect(outcomeOf(messageOf(4, '').subarray(0, 18))).toBe('1/2 0012')
  expect(outcomeOf(Uint8Array.of(...messageOf(4, ''), 0))).toBe('1/2 0013')
})
